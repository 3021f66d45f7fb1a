//! Findings as diagnostics of the protocol.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::codes::Severity;
use crate::diag::Finding;
use crate::lsp::documents::Documents;
use crate::lsp::position::Encoding;
use crate::snapshot::Snapshot;

/// Returns the diagnostics of each file with findings.
pub(super) fn by_path(
    snapshot: &Snapshot,
    findings: &[Finding],
    documents: &Documents,
    encoding: Encoding,
) -> BTreeMap<String, Vec<Json>> {
    let mut all: BTreeMap<String, Vec<Json>> = BTreeMap::new();
    for finding in findings {
        let path = &snapshot.file(finding.diagnostic.span.file).path;
        all.entry(path.clone()).or_default().push(diagnostic(snapshot, finding, documents, encoding));
    }
    all
}

fn diagnostic(snapshot: &Snapshot, finding: &Finding, documents: &Documents, encoding: Encoding) -> Json {
    let found = &finding.diagnostic;
    let text = |span: crate::snapshot::Span| snapshot.file(span.file).text.as_str();
    let related = found.related.iter().map(|(span, label)| {
        json!({
            "location": {
                "uri": documents.address(&snapshot.file(span.file).path),
                "range": encoding.span(text(*span), *span),
            },
            "message": label,
        })
    });
    let message = [Some(&found.message), found.label.as_ref(), found.help.as_ref()];
    let message: Vec<&str> = message.into_iter().flatten().map(String::as_str).collect();
    let severity = match finding.severity {
        Severity::Error => 1,
        Severity::Warning => 2,
    };
    json!({
        "range": encoding.span(text(found.span), found.span),
        "severity": severity,
        "code": found.code.name(),
        "source": "flagctl",
        "message": message.join("\n"),
        "relatedInformation": related.collect::<Vec<_>>(),
    })
}
