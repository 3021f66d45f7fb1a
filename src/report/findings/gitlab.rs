//! Findings as GitLab's code quality report.

use serde::Serialize;
use std::collections::BTreeMap;

use crate::codes::Severity;
use crate::report::Printable;
use crate::report::findings::validation::{Validation, one_text};

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
    end: usize,
}

pub(crate) fn document(validation: &Validation<'_>) -> Result<Printable, serde_json::Error> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let issues = validation.shown_new().findings.into_iter().map(|(finding, _)| {
        let diagnostic = &finding.diagnostic;
        let position = validation.position(diagnostic.span);
        let mut fingerprint = validation.fingerprint(diagnostic);
        // GitLab drops an issue if its fingerprint already occurs in the same report.
        let occurrence = seen.entry(fingerprint.clone()).or_default();
        *occurrence += 1;
        if *occurrence > 1 {
            fingerprint += &format!("-{occurrence}");
        }
        Issue {
            description: one_text(diagnostic),
            check_name: diagnostic.code.name(),
            fingerprint,
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
    Printable::json(&issues.collect::<Vec<_>>())
}
