//! The check of exposures as text for people.

use crate::report::exposures::json::{ExposureCheckJson, ExposureProblemJson};
use crate::report::text::{counted, grouped};
use crate::report::{Lines, Role, StyledText, Table};

/// Returns the check for a terminal.
pub(super) fn lines(check: &ExposureCheckJson, width: Option<u16>) -> Lines {
    let mut lines = Lines::default();
    for problem in &check.problems {
        let ExposureProblemJson { error, file, line, message, .. } = problem;
        let (role, word) = if *error { (Role::Error, "error:") } else { (Role::Note, "note:") };
        lines.add(StyledText::new(role, word).plain(" ").plain(headline(problem)));
        lines.add(format!("  {file}:{line}: {message}"));
    }
    if !check.flags.is_empty() {
        if !check.problems.is_empty() {
            lines.add("");
        }
        let mut table = Table::new(width);
        table.header(["flag", "environment", "exposures", "random", "units", "in several variants"]);
        for flag in &check.flags {
            let role = (!flag.healthy).then_some(Role::Bad);
            let several = StyledText::default().with(role, flag.units_in_several_variants.to_string());
            let numbers = [flag.exposures, flag.random, flag.units].map(|number| StyledText::from(number.to_string()));
            let names = [StyledText::from(flag.flag.as_str()), StyledText::from(flag.environment.as_str())];
            table.row(names.into_iter().chain(numbers).chain([several]));
        }
        lines.table(&table);
        lines.add("");
    }
    let rows = &check.rows;
    let others = [
        (rows.failed_evaluations, "failed evaluation"),
        (rows.other_events, "event of another kind"),
        (rows.bad, "bad row"),
    ];
    let others = others.into_iter().filter(|(number, _)| *number > 0).map(|(number, noun)| match noun {
        "event of another kind" if number != 1 => format!("{} events of other kinds", grouped(number)),
        noun => count(number, noun),
    });
    let mut parts = vec![count(rows.exposures, "exposure")];
    parts.extend(others);
    lines.add(format!("{}: {}", count(rows.total, "row"), parts.join(", ")));
    if check.without_version > 0 {
        lines.add(format!(
            "{} without `feature_flag.version`: only their names were checked",
            count(check.without_version, "exposure")
        ));
    }
    if check.unchecked > 0 {
        lines.add(format!("{} not decided again, which would take too long", count(check.unchecked, "exposure")));
    }
    if !check.duplicates_complete {
        lines.add("duplicates were searched only among the first rows: allow more with `--max-units`");
    }
    lines
}

fn count(number: u64, noun: &str) -> String {
    counted(usize::try_from(number).unwrap_or(usize::MAX), noun)
}

/// Returns the name of a problem and how many rows have it.
pub(super) fn headline(problem: &ExposureProblemJson) -> String {
    let ExposureProblemJson { problem: name, flag, count, .. } = problem;
    let noun = match *name {
        "several-variants" => "unit",
        _ if flag.is_none() => "row",
        _ => "exposure",
    };
    match flag {
        Some(flag) => format!("{name}: {} of {flag}", self::count(*count, noun)),
        None => format!("{name}: {}", self::count(*count, noun)),
    }
}
