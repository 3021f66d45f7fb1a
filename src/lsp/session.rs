//! What the server knows of its client, and the answers to requests about documents.

use std::sync::mpsc::Sender;

use jiff::Timestamp;
use serde_json::Value as Json;

use crate::lsp::actions::quick_fixes;
use crate::lsp::checks::{Checks, Notifications};
use crate::lsp::completion::complete;
use crate::lsp::documents::Documents;
use crate::lsp::hover::describe;
use crate::lsp::inbox::Event;
use crate::lsp::initialization::Opened;
use crate::lsp::navigation::Navigation;
use crate::lsp::position::Encoding;
use crate::lsp::refusal::{INVALID_PARAMS, METHOD_NOT_FOUND, REQUEST_FAILED, Refusal};
use crate::schema::Names;

/// The requests about a document, without `textDocument/`.
const REQUESTS: [&str; 7] =
    ["completion", "hover", "definition", "references", "rename", "prepareRename", "codeAction"];

/// A client that is initialized.
pub(super) struct Session {
    pub(super) documents: Documents,
    pub(super) checks: Checks,
    encoding: Encoding,
}

impl Session {
    pub(super) fn new(opened: Opened, encoding: Encoding, now: fn() -> Timestamp, sender: Sender<Event>) -> Self {
        let documents = Documents::new(opened.folder.root().to_owned(), opened.shown_root);
        Self { documents, checks: Checks::new(opened.folder, encoding, now, sender), encoding }
    }

    pub(super) fn notification(&mut self, method: &str, parameters: &Json) {
        if method == "initialized" || method.starts_with("workspace/") {
            return self.checks.changed();
        }
        let Some(path) = self.documents.path(parameters) else { return };
        let changed = match method {
            "textDocument/didOpen" => self.documents.open(&path, parameters),
            "textDocument/didChange" => self.documents.change(&path, parameters, self.encoding),
            "textDocument/didClose" => {
                self.documents.close(&path);
                Some(())
            }
            "textDocument/didSave" => Some(()),
            _ => None,
        };
        if changed.is_some() {
            self.checks.changed_file(path);
        }
    }

    /// Answers a request. What the client must know before the answer is added to the notifications.
    pub(super) fn request(
        &mut self,
        method: &str,
        parameters: &Json,
        notifications: &mut Notifications,
    ) -> Result<Json, Refusal> {
        let wrong =
            || Refusal(INVALID_PARAMS, format!("`{method}` needs a document of the flag repository and a position"));
        let Some(asked) = method.strip_prefix("textDocument/").filter(|asked| REQUESTS.contains(asked)) else {
            return Err(Refusal(METHOD_NOT_FOUND, format!("`{method}` is not supported")));
        };
        let Self { documents, checks, encoding } = self;
        let encoding = *encoding;
        let Some(path) = documents.path(parameters) else { return Ok(Json::Null) };
        let text = documents.text(&path).ok_or_else(wrong)?.to_owned();
        let at = |name: &str| parameters.pointer(name).and_then(|position| encoding.offset(&text, position));
        // For a completion, the names may be those of before the last change; the file itself is read as it is.
        if asked != "completion" || checks.last().is_none() {
            notifications.extend(checks.update(documents));
        }
        let Some(checked) = checks.last() else { return Ok(Json::Null) };
        if asked == "completion" {
            let offset = at("/position").ok_or_else(wrong)?;
            return Ok(complete(&path, &text, offset, Names::new(&checked.loaded.project), encoding));
        }
        let Some(file) = checked.file(&path) else { return Ok(Json::Null) };
        if asked == "codeAction" {
            let range = at("/range/start").zip(at("/range/end")).ok_or_else(wrong)?;
            return Ok(quick_fixes(checked, documents, encoding, file, range));
        }
        let offset = at("/position").ok_or_else(wrong)?;
        let bytes = u32::try_from(offset).map_err(|_| wrong())?;
        let navigation = Navigation { checked, documents, encoding };
        Ok(match asked {
            "hover" => describe(checked, file, &text, offset),
            "definition" => navigation.definition(file, bytes),
            "references" => {
                let with_definition = parameters.pointer("/context/includeDeclaration") == Some(&Json::Bool(true));
                navigation.references(file, bytes, with_definition)
            }
            "prepareRename" => navigation.prepare(file, bytes),
            _ => {
                let new = parameters.get("newName").and_then(Json::as_str).ok_or_else(wrong)?;
                navigation.rename(file, bytes, new).map_err(|reason| Refusal(REQUEST_FAILED, reason))?
            }
        })
    }
}
