//! The rules and variants that tests have exercised, for people.

use crate::report::{Role, StyledText, Table};
use crate::test::FlagCoverage;

/// Returns a table with a line for each flag and a line for the total, for a terminal with a width in columns unless the
/// width is `None`.
pub(crate) fn table(coverage: &[FlagCoverage], width: Option<u16>) -> Table {
    let mut table = Table::new(width);
    table.header(["FLAG", "RULES", "VARIANTS", "NEVER DECIDED BY"]);
    let (mut rules, mut variants) = ((0, 0), (0, 0));
    for flag in coverage {
        let idle_rules = flag.uncovered_rules.iter().map(|rule| format!("rule {rule}"));
        let idle_variants = flag.uncovered_variants.iter().map(|variant| format!("variant {variant}"));
        let idle = idle_rules.chain(idle_variants).collect::<Vec<_>>().join(", ");
        table.row([StyledText::from(&flag.flag), fraction(flag.rules), fraction(flag.variants), idle.into()]);
        rules = (rules.0 + flag.rules.0, rules.1 + flag.rules.1);
        variants = (variants.0 + flag.variants.0, variants.1 + flag.variants.1);
    }
    table.row(["all".into(), fraction(rules), fraction(variants), "".into()]);
    table
}

/// Returns a fraction such as `3/4`, or a dash if the total is zero.
fn fraction((exercised, all): (usize, usize)) -> StyledText {
    match (exercised, all) {
        (_, 0) => StyledText::new(Role::Minor, "-"),
        (exercised, all) => {
            let role = if exercised == all { Role::Good } else { Role::Caution };
            StyledText::new(role, format!("{exercised}/{all}"))
        }
    }
}
