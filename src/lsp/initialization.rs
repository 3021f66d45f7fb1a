//! The first request of a client: which folder it has open, and what the server can do.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use crate::lsp::address;
use crate::lsp::position::Encoding;
use crate::source::{Folder, SourceError};

/// The flag repository that the client has open, and the reasons for which its folders are not used.
pub(super) struct Opened {
    pub(super) folder: Folder,
    /// The folder of the flag repository as the client names it.
    pub(super) shown_root: PathBuf,
    pub(super) unused: Vec<String>,
}

/// Returns the flag repository of the first folder of the client that has one. Without such a folder, it is that of the working
/// folder.
///
/// # Errors
/// Returns [`SourceError`] if there is no flag repository in the working folder, either.
pub(super) fn opened(parameters: &Json, working: &Path) -> Result<Opened, SourceError> {
    let mut unused = Vec::new();
    for uri in folders(parameters) {
        let Some(path) = address::path(uri) else {
            unused.push(format!("`{uri}` is not the address of a folder on this machine: expected `file:///PATH`"));
            continue;
        };
        match Folder::find(&path) {
            Ok(folder) if path.is_dir() => {
                let shown_root = shown_root(folder.root(), &path);
                return Ok(Opened { folder, shown_root, unused });
            }
            Ok(_) => unused.push(format!("`{uri}` is not a folder")),
            Err(error) => unused.push(format!("`{uri}` is not used: {error}")),
        }
    }
    let folder = Folder::find(working)?;
    let shown_root = folder.root().to_owned();
    Ok(Opened { folder, shown_root, unused })
}

/// Returns the root of a flag repository at, above or below a folder, with the links in the folder's own path.
fn shown_root(root: &Path, folder: &Path) -> PathBuf {
    let Ok(real) = folder.canonicalize() else { return root.to_owned() };
    let above = |below: &Path| folder.ancestors().nth(below.components().count()).filter(|_| folder.ends_with(below));
    let shown = match (root.strip_prefix(&real), real.strip_prefix(root)) {
        (Ok(below), _) => Some(folder.join(below)),
        (Err(_), Ok(below)) => above(below).map(Path::to_owned),
        (Err(_), Err(_)) => None,
    };
    shown.unwrap_or_else(|| root.to_owned())
}

/// Returns the addresses of the client's folders.
fn folders(parameters: &Json) -> Vec<&str> {
    let several = parameters.get("workspaceFolders").and_then(Json::as_array).into_iter().flatten();
    let several: Vec<&str> = several.filter_map(|folder| folder.get("uri")?.as_str()).collect();
    if several.is_empty() { parameters.get("rootUri").and_then(Json::as_str).into_iter().collect() } else { several }
}

/// Returns the unit in which the client and the server count characters.
pub(super) fn encoding(parameters: &Json) -> Encoding {
    let encodings = parameters.pointer("/capabilities/general/positionEncodings").and_then(Json::as_array);
    let is_utf8 = encodings.is_some_and(|encodings| encodings.iter().any(|encoding| encoding == "utf-8"));
    if is_utf8 { Encoding::Utf8 } else { Encoding::Utf16 }
}

/// Returns what the server can do.
pub(super) fn capabilities(encoding: Encoding) -> Json {
    let encoding = match encoding {
        Encoding::Utf8 => "utf-8",
        Encoding::Utf16 => "utf-16",
    };
    json!({
        "capabilities": {
            "positionEncoding": encoding,
            "textDocumentSync": {"openClose": true, "change": 2, "save": true},
            "completionProvider": {"triggerCharacters": [" ", ":", "[", "{", ","]},
            "hoverProvider": true,
            "definitionProvider": true,
            "referencesProvider": true,
            "renameProvider": {"prepareProvider": true},
            "codeActionProvider": {"codeActionKinds": ["quickfix"]},
        },
        "serverInfo": {"name": "flagctl", "version": env!("CARGO_PKG_VERSION")},
    })
}
