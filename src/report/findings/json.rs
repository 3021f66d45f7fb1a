//! Findings as flagctl's own JSON.

use serde::Serialize;

use crate::codes::Severity;
use crate::diag::Age;
use crate::git::Revision;
use crate::report::Printable;
use crate::report::findings::validation::{Position, Validation};
use crate::snapshot::{Replacement, Span};

#[derive(Serialize)]
struct Report<'r> {
    /// The version of this structure.
    version: u32,
    /// The full id of the commit of the files. It is absent for the working folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    errors: usize,
    warnings: usize,
    #[serde(flatten)]
    base: Option<BaseJson>,
    /// The number of findings that the options leave out. It is absent if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    omitted: Option<usize>,
    findings: Vec<FindingJson<'r>>,
}

#[derive(Serialize)]
pub(crate) struct FindingJson<'r> {
    code: &'static str,
    severity: &'static str,
    message: &'r str,
    /// Whether the earlier state lacks the finding. It is absent if there is no earlier state.
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'r str>,
    #[serde(flatten)]
    position: PositionJson,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<RelatedJson<'r>>,
    /// The change that removes the finding. It is absent if there is none, or more than one.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<FixJson<'r>>,
}

#[derive(Serialize)]
struct FixJson<'r> {
    title: &'r str,
    edits: Vec<EditJson<'r>>,
}

#[derive(Serialize)]
struct EditJson<'r> {
    #[serde(flatten)]
    position: PositionJson,
    /// The text that replaces the characters from the position to its end.
    text: &'r str,
}

/// The earlier state, and how many findings it lacks.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BaseJson {
    /// The full id of the commit.
    base: String,
    new_errors: usize,
    new_warnings: usize,
}

impl BaseJson {
    pub(crate) fn of(validation: &Validation<'_>) -> Option<Self> {
        let count = |severity| validation.count_aged(severity, Age::New);
        validation.base.map(|base| Self {
            base: base.revision.commit(),
            new_errors: count(Severity::Error),
            new_warnings: count(Severity::Warning),
        })
    }
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

/// Returns the findings that the report shows, in order, and the number of the others, which is `None` for zero.
pub(crate) fn findings<'r>(validation: &'r Validation<'r>) -> (Vec<FindingJson<'r>>, Option<usize>) {
    let position = |span: Span| {
        let Position { line, column, end_line, end_column } = validation.position(span);
        PositionJson { path: validation.path(span), line, column, end_line, end_column }
    };
    let shown = validation.shown();
    let omitted = Some(shown.omitted.total()).filter(|omitted| *omitted > 0);
    let findings = shown.findings.into_iter().map(|(finding, age)| {
        let diagnostic = &finding.diagnostic;
        let related = diagnostic.related.iter().map(|(span, label)| RelatedJson { label, position: position(*span) });
        let edit = |edit: &'r Replacement| EditJson { position: position(edit.span), text: &edit.text };
        let fix = validation.fix(finding);
        FindingJson {
            code: diagnostic.code.name(),
            severity: finding.severity.name(),
            message: &diagnostic.message,
            new: validation.base.map(|_| age == Age::New),
            label: diagnostic.label.as_deref(),
            help: diagnostic.help.as_deref(),
            position: position(diagnostic.span),
            related: related.collect(),
            fix: fix.map(|fix| FixJson { title: &fix.title, edits: fix.replacements.iter().map(edit).collect() }),
        }
    });
    (findings.collect(), omitted)
}

pub(crate) fn document(validation: &Validation<'_>) -> Result<Printable, serde_json::Error> {
    let (findings, omitted) = findings(validation);
    let report = Report {
        version: 1,
        commit: validation.revision.map(Revision::commit),
        errors: validation.count(Severity::Error),
        warnings: validation.count(Severity::Warning),
        base: BaseJson::of(validation),
        omitted,
        findings,
    };
    Printable::json(&report)
}
