//! The numbers of findings by code and by file, for a report that is too long to read from the beginning.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::codes::Severity;
use crate::diag::{Age, Finding};
use crate::report::findings::validation::Validation;
use crate::report::style::or_dash;
use crate::report::text::{counted, grouped};
use crate::report::{Lines, Role, StyledText, Table};

/// The number of findings up to which a report has no summary.
const SHORT_REPORT: usize = 20;
/// The maximum number of files in the summary.
const MAX_FILES: usize = 10;

/// Numbers of findings.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    errors: usize,
    warnings: usize,
}

/// Adds a table of the codes and one of the files with the most findings, if the user selected many new findings. The
/// limit of the selection does not apply, because the tables show what it leaves out.
pub(super) fn add_tables(validation: &Validation<'_>, width: Option<u16>, lines: &mut Lines) {
    let new = validation.aged().filter(|(_, age)| *age == Age::New).map(|(finding, _)| finding);
    let findings: Vec<&Finding> = new.filter(|finding| validation.selection.admits(finding)).collect();
    if findings.len() <= SHORT_REPORT {
        return;
    }
    let codes = ranked(&findings, |finding| finding.diagnostic.code.name().to_owned());
    add_table("CODE", &codes, width, lines);
    lines.add("");
    let files = ranked(&findings, |finding| validation.path_for_people(finding.diagnostic.span));
    let (most, others) = files.split_at(MAX_FILES.min(files.len()));
    add_table("FILE", most, width, lines);
    if !others.is_empty() {
        lines.add(format!("and {}", counted(others.len(), "other file")));
    }
    lines.add("");
}

/// Counts the findings by name. The names with the most errors are the first, then those with the most warnings.
fn ranked(findings: &[&Finding], name: impl Fn(&Finding) -> String) -> Vec<(String, Counts)> {
    let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
    for finding in findings {
        let counts = counts.entry(name(finding)).or_default();
        match finding.severity {
            Severity::Error => counts.errors += 1,
            Severity::Warning => counts.warnings += 1,
        }
    }
    let mut ranked: Vec<_> = counts.into_iter().collect();
    // The sort is stable, so equal numbers are in the order of their names.
    ranked.sort_by_key(|(_, counts)| Reverse((counts.errors, counts.warnings)));
    ranked
}

/// Adds a table. The names are in the last column, which is the only one that a narrow terminal shortens.
fn add_table(title: &str, rows: &[(String, Counts)], width: Option<u16>, lines: &mut Lines) {
    let number = |number: usize, role: Role| match number {
        0 => or_dash(None::<&str>),
        number => StyledText::new(role, grouped(number as u64)),
    };
    let mut table = Table::new(width);
    table.header(["ERRORS", "WARNINGS", title]);
    for (name, Counts { errors, warnings }) in rows {
        table.row([number(*errors, Role::Bad), number(*warnings, Role::Caution), name.into()]);
    }
    lines.table(&table);
}
