//! Findings as flagctl's own JSON.

use serde::Serialize;

use crate::codes::Severity;
use crate::git::Revision;
use crate::report::Printable;
use crate::report::findings::validation::{Position, Validation};
use crate::snapshot::Span;

#[derive(Serialize)]
struct Report<'r> {
    /// The version of this structure.
    version: u32,
    /// The full id of the commit of the files. It is absent for the working folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    errors: usize,
    warnings: usize,
    findings: Vec<FindingJson<'r>>,
}

#[derive(Serialize)]
pub(crate) struct FindingJson<'r> {
    code: &'static str,
    severity: &'static str,
    message: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'r str>,
    #[serde(flatten)]
    position: PositionJson,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<RelatedJson<'r>>,
}

#[derive(Serialize)]
struct RelatedJson<'r> {
    label: &'r str,
    #[serde(flatten)]
    position: PositionJson,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PositionJson {
    path: String,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

/// Returns all findings, in order.
pub(crate) fn findings<'r>(validation: &Validation<'r>) -> Vec<FindingJson<'r>> {
    let position = |span: Span| {
        let Position { line, column, end_line, end_column } = validation.position(span);
        PositionJson { path: validation.path(span), line, column, end_line, end_column }
    };
    let findings = validation.findings.iter().map(|finding| {
        let diagnostic = &finding.diagnostic;
        let related = diagnostic.related.iter().map(|(span, label)| RelatedJson { label, position: position(*span) });
        FindingJson {
            code: diagnostic.code.name(),
            severity: finding.severity.name(),
            message: &diagnostic.message,
            label: diagnostic.label.as_deref(),
            help: diagnostic.help.as_deref(),
            position: position(diagnostic.span),
            related: related.collect(),
        }
    });
    findings.collect()
}

pub(crate) fn document(validation: &Validation<'_>) -> Result<Printable, serde_json::Error> {
    let report = Report {
        version: 1,
        commit: validation.revision.map(Revision::commit),
        errors: validation.count(Severity::Error),
        warnings: validation.count(Severity::Warning),
        findings: findings(validation),
    };
    Printable::json(&report)
}
