//! When definitions are checked, and which diagnostics the client has.
//!
//! A changed file is checked at once where that takes the same time in a repository of any size. The whole repository is checked on
//! another thread in a pause, or at once for a request that needs it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread;

use jiff::Timestamp;
use rayon::ThreadPoolBuilder;
use serde_json::{Value as Json, json};

use crate::lsp::documents::Documents;
use crate::lsp::findings::by_path;
use crate::lsp::inbox::Event;
use crate::lsp::position::Encoding;
use crate::lsp::state::{Checked, everything, one_file};
use crate::source::{Folder, SourceError};

/// Messages to the client.
pub(super) type Notifications = Vec<Json>;

pub(super) struct Checks {
    folder: Folder,
    encoding: Encoding,
    now: fn() -> Timestamp,
    /// Takes the results of checks on other threads.
    sender: Sender<Event>,
    /// The last check of the whole repository.
    checked: Option<Box<Checked>>,
    /// The diagnostics that the client has, of files that have some.
    published: BTreeMap<String, Vec<Json>>,
    /// The number of changes so far.
    changes: usize,
    /// The number of changes that the last check of the whole repository knows.
    known: usize,
    /// Whether a check of the whole repository runs.
    running: bool,
    /// The files that changed since they were checked.
    dirty: Vec<String>,
}

impl Checks {
    pub(super) fn new(folder: Folder, encoding: Encoding, now: fn() -> Timestamp, sender: Sender<Event>) -> Self {
        let (published, dirty) = (BTreeMap::new(), Vec::new());
        Self { folder, encoding, now, sender, checked: None, published, changes: 0, known: 0, running: false, dirty }
    }

    /// Returns the last check of the whole repository.
    pub(super) fn last(&self) -> Option<&Checked> {
        self.checked.as_deref()
    }

    /// Remembers that something may have changed.
    pub(super) fn changed(&mut self) {
        self.changes += 1;
    }

    /// Remembers that a document has changed.
    pub(super) fn changed_file(&mut self, path: String) {
        self.changed();
        if !self.dirty.contains(&path) {
            self.dirty.push(path);
        }
    }

    /// Returns whether a pause is to be used for a check of the whole repository.
    pub(super) fn wants_check(&self) -> bool {
        self.known < self.changes && !self.running
    }

    /// Checks the files that changed. Each of them gets its diagnostics, also if they are the same.
    pub(super) fn check_files(&mut self, documents: &Documents) -> Notifications {
        let mut notifications = Vec::new();
        for path in std::mem::take(&mut self.dirty) {
            // A file that cannot be read is reported by the check of the whole repository.
            if let Ok(Some((loaded, findings))) = one_file(&self.folder, documents.texts(), &path, (self.now)()) {
                let mut found = by_path(&loaded.snapshot, &findings, documents, self.encoding);
                notifications.push(self.publish(documents, &path, found.remove(&path).unwrap_or_default()));
            }
        }
        notifications
    }

    /// Starts a check of the whole repository on another thread.
    pub(super) fn start(&mut self, documents: &Documents) {
        self.running = true;
        let (folder, open, changes) = (self.folder.clone(), Arc::clone(documents.texts()), self.changes);
        let (sender, now) = (self.sender.clone(), (self.now)());
        thread::spawn(move || {
            // The check has a thread of its own, so that the checks after changes do not wait for it.
            let result = match ThreadPoolBuilder::new().num_threads(1).build() {
                Ok(pool) => pool.install(|| everything(&folder, &open, now)),
                Err(_) => everything(&folder, &open, now),
            };
            // If the server has ended, its result is not needed.
            let _ = sender.send(Event::Checked(changes, result.map(Box::new)));
        });
    }

    /// Takes over the result of a check on another thread, unless a change came after its begin.
    pub(super) fn finish(
        &mut self,
        documents: &Documents,
        changes: usize,
        result: Result<Box<Checked>, SourceError>,
    ) -> Notifications {
        self.running = false;
        if changes == self.changes {
            return self.accept(documents, result);
        }
        discard(result.ok());
        Vec::new()
    }

    /// Checks the whole repository now, unless nothing has changed.
    pub(super) fn update(&mut self, documents: &Documents) -> Notifications {
        if self.checked.is_some() && self.known == self.changes {
            return Vec::new();
        }
        let result = everything(&self.folder, documents.texts(), (self.now)()).map(Box::new);
        self.accept(documents, result)
    }

    /// Takes over the result of a check that knows all changes.
    fn accept(&mut self, documents: &Documents, result: Result<Box<Checked>, SourceError>) -> Notifications {
        self.known = self.changes;
        let checked = match result {
            Ok(checked) => checked,
            Err(error) => {
                return vec![notification("window/showMessage", &json!({"type": 1, "message": error.to_string()}))];
            }
        };
        let mut found = by_path(&checked.loaded.snapshot, &checked.findings, documents, self.encoding);
        discard(self.checked.replace(checked));
        for path in self.published.keys() {
            found.entry(path.clone()).or_default();
        }
        found.retain(|path, diagnostics| {
            self.published.get(path).map_or(&[][..], Vec::as_slice) != diagnostics.as_slice()
        });
        found.into_iter().map(|(path, diagnostics)| self.publish(documents, &path, diagnostics)).collect()
    }

    fn publish(&mut self, documents: &Documents, path: &str, diagnostics: Vec<Json>) -> Json {
        let parameters = json!({"uri": documents.address(path), "diagnostics": diagnostics});
        if diagnostics.is_empty() {
            self.published.remove(path);
        } else {
            self.published.insert(path.to_owned(), diagnostics);
        }
        notification("textDocument/publishDiagnostics", &parameters)
    }
}

/// Drops a check on another thread, because that takes many milliseconds in a large repository.
fn discard(checked: Option<Box<Checked>>) {
    thread::spawn(move || drop(checked));
}

/// Returns a message to the client that has no answer.
pub(super) fn notification(method: &str, parameters: &Json) -> Json {
    json!({"jsonrpc": "2.0", "method": method, "params": parameters})
}
