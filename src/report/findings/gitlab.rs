//! GitLab's code quality report: the report of findings, and the form that other reports use.

use serde::Serialize;
use std::collections::BTreeMap;

use crate::codes::Severity;
use crate::report::Printable;
use crate::report::findings::validation::{Validation, one_text};

/// A problem.
#[derive(Serialize)]
pub(crate) struct Issue {
    pub(crate) description: String,
    pub(crate) check_name: String,
    /// A text that is the same for the same problem in another commit.
    pub(crate) fingerprint: String,
    pub(crate) severity: &'static str,
    pub(crate) location: Location,
}

/// The place of a problem.
#[derive(Serialize)]
pub(crate) struct Location {
    pub(crate) path: String,
    pub(crate) lines: Lines,
}

/// The first and the last line of a problem.
#[derive(Serialize)]
pub(crate) struct Lines {
    pub(crate) begin: usize,
    pub(crate) end: usize,
}

pub(crate) fn document(validation: &Validation<'_>) -> Result<Printable, serde_json::Error> {
    let issues = validation.shown_new().findings.into_iter().map(|(finding, _)| {
        let diagnostic = &finding.diagnostic;
        let position = validation.position(diagnostic.span);
        Issue {
            description: one_text(diagnostic),
            check_name: diagnostic.code.name().to_owned(),
            fingerprint: validation.fingerprint(diagnostic),
            severity: match finding.severity {
                Severity::Error => "major",
                Severity::Warning => "minor",
            },
            location: Location {
                path: validation.path(diagnostic.span),
                lines: Lines { begin: position.line, end: position.end_line },
            },
        }
    });
    report(issues)
}

/// Returns a report. Equal fingerprints get numbers.
pub(crate) fn report(issues: impl Iterator<Item = Issue>) -> Result<Printable, serde_json::Error> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let numbered = issues.map(|mut issue| {
        // GitLab drops an issue if its fingerprint already occurs in the same report.
        let occurrence = seen.entry(issue.fingerprint.clone()).or_default();
        *occurrence += 1;
        if *occurrence > 1 {
            issue.fingerprint += &format!("-{occurrence}");
        }
        issue
    });
    Printable::json(&numbered.collect::<Vec<_>>())
}
