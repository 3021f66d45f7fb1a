//! Findings as SARIF 2.1.0.

use serde_json::{Value as Json, json};

use crate::codes::{Code, Severity};
use crate::diag::{Age, Finding};
use crate::report::Printable;
use crate::report::escape::{sarif, uri_path};
use crate::report::findings::validation::{Position, Validation};
use crate::snapshot::{Replacement, Span};

/// The maximum number of results in a run. GitHub's code scanning refuses a file with more.
const LIMIT: usize = 25_000;
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

pub(crate) fn document(validation: &Validation<'_>) -> Result<Printable, serde_json::Error> {
    let mut shown = validation.shown();
    let selected_out = shown.omitted.sentence();
    let over_limit = shown.truncate(LIMIT);
    let over_limit = (over_limit > 0).then(|| {
        let last = format!("code scanning takes at most {LIMIT}: `flagctl validate` shows all");
        format!("{over_limit} results are left out, because {last}")
    });
    let notes: Vec<String> = selected_out.into_iter().chain(over_limit).collect();
    let results: Vec<_> = shown.findings.into_iter().map(|(finding, age)| result(validation, finding, age)).collect();
    log(Code::ALL.iter().map(|code| rule(*code)).collect(), results, &notes)
}

/// Returns a log of one run. `notes` say which results are left out.
pub(crate) fn log(rules: Vec<Json>, results: Vec<Json>, notes: &[String]) -> Result<Printable, serde_json::Error> {
    let mut run = json!({
        // Without this field, columns count UTF-16 code units.
        "columnKind": "unicodeCodePoints",
        "tool": {"driver": {"name": "flagctl", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
        "results": results,
    });
    if let Some(fields) = run.as_object_mut().filter(|_| !notes.is_empty()) {
        fields.insert("invocations".to_owned(), json!([invocation(notes)]));
    }
    Printable::json(&json!({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}))
}

/// Returns an invocation whose notifications say which results are left out.
fn invocation(notes: &[String]) -> Json {
    let notification = |text: &String| json!({"level": "warning", "message": {"text": text}});
    json!({
        "executionSuccessful": true,
        "toolExecutionNotifications": notes.iter().map(notification).collect::<Vec<_>>(),
    })
}

fn rule(code: Code) -> Json {
    let page = code.page();
    json!({
        "id": code.name(),
        "shortDescription": {"text": page.lines().next().unwrap_or_default()},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": code.severity().name()},
    })
}

fn result(validation: &Validation<'_>, finding: &Finding, age: Age) -> Json {
    let diagnostic = &finding.diagnostic;
    let artifact = |span: Span| json!({"uri": uri_path(&validation.path(span)), "uriBaseId": "%SRCROOT%"});
    let region = |span: Span| {
        let Position { line, column, end_line, end_column } = validation.position(span);
        json!({"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column})
    };
    let location =
        |span: Span| json!({"physicalLocation": {"artifactLocation": artifact(span), "region": region(span)}});
    let help = diagnostic.help.as_ref().map(|help| format!("\n{help}"));
    let mut result = json!({
        "ruleId": diagnostic.code.name(),
        "ruleIndex": Code::ALL.iter().position(|code| *code == diagnostic.code),
        "level": match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        "message": {"text": sarif(&format!("{}{}", diagnostic.message, help.unwrap_or_default()))},
        "locations": [location(diagnostic.span)],
        "partialFingerprints": {"flagctl/v1": validation.fingerprint(diagnostic)},
    });
    if let Some(fields) = result.as_object_mut().filter(|_| validation.base.is_some()) {
        let state = match age {
            Age::New => "new",
            Age::InBase => "unchanged",
        };
        fields.insert("baselineState".to_owned(), json!(state));
    }
    let related = diagnostic.related.iter().map(|(span, label)| {
        let mut location = location(*span);
        if let Some(fields) = location.as_object_mut() {
            fields.insert("message".to_owned(), json!({"text": sarif(label)}));
        }
        location
    });
    let related: Vec<_> = related.collect();
    if let Some(fields) = result.as_object_mut().filter(|_| !related.is_empty()) {
        fields.insert("relatedLocations".to_owned(), Json::Array(related));
    }
    if let (Some(fields), Some(fix)) = (result.as_object_mut(), validation.fix(finding)) {
        let replacement = |replacement: &Replacement| json!({"deletedRegion": region(replacement.span), "insertedContent": {"text": replacement.text}});
        let replacements: Vec<_> = fix.replacements.iter().map(replacement).collect();
        let change = json!({"artifactLocation": artifact(diagnostic.span), "replacements": replacements});
        let fix = json!({"description": {"text": sarif(&fix.title)}, "artifactChanges": [change]});
        fields.insert("fixes".to_owned(), json!([fix]));
    }
    result
}
