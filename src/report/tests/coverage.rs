//! The rules and variants that tests have exercised, for people.

use crate::report::Table;
use crate::test::FlagCoverage;

/// Returns a table with a line for each flag and a line for the total, wrapped to a width in columns unless the width
/// is `None`.
pub(crate) fn table(coverage: &[FlagCoverage], width: Option<u16>) -> Table {
    let mut table = Table::new(width);
    table.header(["FLAG", "RULES", "VARIANTS", "NEVER DECIDED BY"]);
    let (mut rules, mut variants) = ((0, 0), (0, 0));
    for flag in coverage {
        let idle_rules = flag.uncovered_rules.iter().map(|rule| format!("rule {rule}"));
        let idle_variants = flag.uncovered_variants.iter().map(|variant| format!("variant {variant}"));
        let idle = idle_rules.chain(idle_variants).collect::<Vec<_>>().join(", ");
        table.row([flag.flag.clone(), fraction(flag.rules), fraction(flag.variants), idle]);
        rules = (rules.0 + flag.rules.0, rules.1 + flag.rules.1);
        variants = (variants.0 + flag.variants.0, variants.1 + flag.variants.1);
    }
    table.row(["all".to_owned(), fraction(rules), fraction(variants), String::new()]);
    table
}

/// Returns a fraction such as `3/4`, or a dash if the total is zero.
fn fraction((exercised, all): (usize, usize)) -> String {
    if all == 0 { "-".to_owned() } else { format!("{exercised}/{all}") }
}
