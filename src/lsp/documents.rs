//! The documents that the editor has open, and the addresses of files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value as Json;

use crate::lsp::position::Encoding;

/// The texts of open documents, by their paths in the flag repository.
pub(super) struct Documents {
    root: PathBuf,
    /// The addresses as the client writes them.
    addresses: BTreeMap<String, String>,
    texts: Arc<BTreeMap<String, String>>,
}

impl Documents {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), addresses: BTreeMap::new(), texts: Arc::default() }
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
        let address = parameters.pointer("/textDocument/uri")?.as_str()?;
        let absolute = decoded(address.strip_prefix("file://")?)?;
        let inside = Path::new(&absolute).strip_prefix(&self.root).ok()?.to_str()?;
        let is_plain = |part: &str| !part.is_empty() && part != "." && part != "..";
        inside.split('/').all(is_plain).then(|| inside.to_owned())
    }

    /// Returns the address of a file.
    pub(super) fn address(&self, path: &str) -> String {
        self.addresses.get(path).cloned().unwrap_or_else(|| {
            let absolute = self.root.join(path);
            format!("file://{}", encoded(&absolute.to_string_lossy()))
        })
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

/// Decodes `%41` in an address.
fn decoded(address: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(address.len());
    let mut rest = address.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || char::from(rest.next()?).to_digit(16);
            bytes.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// Encodes a path for an address.
fn encoded(path: &str) -> String {
    let mut address = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            address.push(char::from(byte));
        } else {
            address.push_str(&format!("%{byte:02X}"));
        }
    }
    address
}
