//! The report on a dark launch as a comment on a pull request.

use crate::report::Printable;
use crate::report::escape::{line, markdown_code};
use crate::report::shadow::json::{EntryJson, ShadowReportJson};
use crate::report::shadow::rows;

/// Returns a report.
pub fn comment(report: &ShadowReportJson) -> Printable {
    let code = |text: &str| markdown_code(&line(text));
    let cell = |text: &str| markdown_code(&line(text).replace('|', "/"));
    let mut text = format!(
        "### Dark launch of {} in {}: {}\n\nCandidate: {}.\n\n",
        code(&report.flag),
        code(&report.environment),
        report.verdict,
        code(&report.candidate)
    );
    for reason in &report.reasons {
        text += &format!("- {}\n", code(rows::reason(reason)));
    }
    text += "\n| | |\n|---|---|\n";
    for (name, value) in rows::facts(report) {
        text += &format!("| {name} | {} |\n", cell(&value));
    }
    for row in rows::rows(report) {
        text += &format!("\n{}\n", code(&row));
    }
    let tables = [
        ("differs at", &report.by_path),
        ("differs by itself at", &report.noise_by_path),
        ("attribute", &report.by_attribute),
    ];
    for (title, entries) in tables {
        if entries.is_empty() {
            continue;
        }
        text += &format!("\n| {title} | mismatches | of pairs | example |\n|---|---|---|---|\n");
        for EntryJson { name, pairs, mismatches, example } in entries {
            let example = example.as_deref().map_or_else(|| "—".to_owned(), cell);
            text += &format!("| {} | {mismatches} | {pairs} | {example} |\n", cell(name));
        }
    }
    Printable::markdown(&text)
}
