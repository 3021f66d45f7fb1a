//! Quick fixes.

use serde_json::{Value as Json, json};

use crate::fixes;
use crate::lsp::documents::Documents;
use crate::lsp::position::Encoding;
use crate::lsp::state::Checked;
use crate::snapshot::FileId;

/// Returns the fixes of the findings of a file that touch a range of bytes.
pub(super) fn quick_fixes(
    checked: &Checked,
    documents: &Documents,
    encoding: Encoding,
    file: FileId,
    (start, end): (usize, usize),
) -> Json {
    let snapshot = &checked.loaded.snapshot;
    let touches =
        |span: crate::snapshot::Span| span.file == file && span.start as usize <= end && span.end as usize >= start;
    let mut actions = Vec::new();
    for finding in checked.findings.iter().filter(|finding| touches(finding.diagnostic.span)) {
        let Some(fix) = fixes::offered_for(snapshot, &finding.diagnostic) else { continue };
        let mut edits = Vec::new();
        for replacement in &fix.replacements {
            let text = &snapshot.file(replacement.span.file).text;
            edits.push(json!({"range": encoding.span(text, replacement.span), "newText": replacement.text}));
        }
        let address = documents.address(&snapshot.file(file).path);
        actions.push(json!({
            "title": fix.title,
            "kind": "quickfix",
            "isPreferred": true,
            "edit": {"changes": {address: edits}},
        }));
    }
    Json::Array(actions)
}
