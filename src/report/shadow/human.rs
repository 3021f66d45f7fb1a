//! The report on a dark launch as text for people.

use crate::report::shadow::json::{EntryJson, ShadowReportJson};
use crate::report::shadow::rows;
use crate::report::{Lines, Role, StyledText, Table};

/// Returns a report.
pub fn lines(report: &ShadowReportJson) -> Lines {
    let mut lines = Lines::default();
    let role = match report.verdict {
        "equivalent" => Role::Good,
        "not-enough-data" => Role::Caution,
        _ => Role::Bad,
    };
    let title = format!("{} in {}, candidate {}: ", report.flag, report.environment, report.candidate);
    lines.add(StyledText::new(Role::Name, title).with(role, report.verdict));
    report.reasons.iter().for_each(|reason| lines.add(format!("  {}", rows::reason(reason))));
    for (name, value) in rows::facts(report) {
        lines.add(StyledText::default().plain("  ").with(Role::Name, format!("{name}: ")).plain(value));
    }
    if let Some([first, last]) = &report.period {
        lines.add(format!("  from {first} to {last}"));
    }
    rows::rows(report).into_iter().for_each(|row| lines.add(format!("  {row}")));
    let tables = [
        ("DIFFERS AT", &report.by_path),
        ("DIFFERS BY ITSELF AT", &report.noise_by_path),
        ("ATTRIBUTE", &report.by_attribute),
    ];
    for (title, entries) in tables {
        if !entries.is_empty() {
            lines.add("");
            lines.table(&table(title, entries));
        }
    }
    lines
}

fn table(title: &str, entries: &[EntryJson]) -> Table {
    let mut table = Table::new(None);
    table.header([title, "MISMATCHES", "OF PAIRS", "EXAMPLE"]);
    for EntryJson { name, pairs, mismatches, example } in entries {
        table.row([name.clone(), mismatches.to_string(), pairs.to_string(), example.clone().unwrap_or_default()]);
    }
    table
}
