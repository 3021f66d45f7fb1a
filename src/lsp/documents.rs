//! The documents that the editor has open, and the addresses of files.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::lsp::address;
use crate::lsp::position::Encoding;

/// The texts of open documents, by their paths in the flag repository.
pub(super) struct Documents {
    /// The folder of the flag repository, without links.
    root: PathBuf,
    /// The same folder as the client names it.
    shown_root: PathBuf,
    /// The addresses as the client writes them.
    addresses: BTreeMap<String, String>,
    texts: Arc<BTreeMap<String, String>>,
}

impl Documents {
    pub(super) fn new(root: PathBuf, shown_root: PathBuf) -> Self {
        Self { root, shown_root, addresses: BTreeMap::new(), texts: Arc::default() }
    }

    pub(super) fn texts(&self) -> &Arc<BTreeMap<String, String>> {
        &self.texts
    }

    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    /// Returns the path in the flag repository of the document that a message is about. Returns `None` for a document
    /// elsewhere.
    pub(super) fn path(&self, parameters: &Json) -> Option<String> {
        let absolute = address::path(parameters.pointer("/textDocument/uri")?.as_str()?)?;
        let roots = [&self.shown_root, &self.root];
        let inside = roots.into_iter().find_map(|root| absolute.strip_prefix(root).ok())?.to_str()?;
        let is_plain = |part: &str| !part.is_empty() && part != "." && part != "..";
        inside.split('/').all(is_plain).then(|| inside.to_owned())
    }

    /// Returns the address of a file.
    pub(super) fn address(&self, path: &str) -> String {
        self.addresses.get(path).cloned().unwrap_or_else(|| address::address(&self.shown_root.join(path)))
    }

    pub(super) fn open(&mut self, path: &str, parameters: &Json) -> Option<()> {
        let document = parameters.get("textDocument")?;
        let address = document.get("uri")?.as_str()?.to_owned();
        let text = document.get("text")?.as_str()?.to_owned();
        self.addresses.insert(path.to_owned(), address);
        Arc::make_mut(&mut self.texts).insert(path.to_owned(), text);
        Some(())
    }

    /// Applies changes of the text. A change without a range replaces the whole text.
    pub(super) fn change(&mut self, path: &str, parameters: &Json, encoding: Encoding) -> Option<()> {
        let text = Arc::make_mut(&mut self.texts).get_mut(path)?;
        for change in parameters.get("contentChanges")?.as_array()? {
            let new = change.get("text")?.as_str()?;
            match change.get("range") {
                None => new.clone_into(text),
                Some(range) => {
                    let start = encoding.offset(text, range.get("start")?)?;
                    let end = encoding.offset(text, range.get("end")?)?;
                    text.replace_range(start..end.max(start), new);
                }
            }
        }
        Some(())
    }

    pub(super) fn close(&mut self, path: &str) {
        Arc::make_mut(&mut self.texts).remove(path);
    }
}
