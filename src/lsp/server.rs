//! The loop that receives messages, answers them, and publishes findings.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use rayon::ThreadPoolBuilder;
use serde_json::{Value as Json, json};

use crate::lsp::actions::quick_fixes;
use crate::lsp::completion::complete;
use crate::lsp::documents::Documents;
use crate::lsp::findings::by_path;
use crate::lsp::hover::describe;
use crate::lsp::navigation::Navigation;
use crate::lsp::position::Encoding;
use crate::lsp::state::{Checked, everything, one_flag};
use crate::lsp::transport::{self, Received};
use crate::schema::Names;
use crate::source::{Folder, SourceError};

/// The pause after which the whole repository is checked.
const PAUSE: Duration = Duration::from_millis(300);
/// Errors of JSON-RPC.
const PARSE_ERROR: i32 = -32700;
const INVALID_REQUEST: i32 = -32600;
const METHOD_NOT_FOUND: i32 = -32601;
const INVALID_PARAMS: i32 = -32602;
const REQUEST_FAILED: i32 = -32803;

/// What the loop waits for.
enum Event {
    Received(Received),
    End,
    /// The check of the whole repository, and the number of changes that it knows.
    Checked(usize, Result<Box<Checked>, SourceError>),
}

/// A request that cannot be answered.
struct Refusal(i32, String);

/// Serves one client until it ends. `now` decides which flags and kills have expired.
///
/// # Errors
/// Returns an error if the folder is not in a flag repository, or if the client breaks the framing of messages.
pub fn run(
    mut reader: impl BufRead + Send + 'static,
    writer: impl Write,
    folder: &Path,
    now: fn() -> Timestamp,
) -> anyhow::Result<()> {
    let folder = Folder::find(folder)?;
    let (sender, events) = mpsc::channel();
    let received = sender.clone();
    let input = thread::spawn(move || -> io::Result<()> {
        loop {
            let event = match transport::read(&mut reader) {
                Ok(Some(message)) => Event::Received(message),
                end => {
                    let _ = received.send(Event::End);
                    return end.map(|_| ());
                }
            };
            if received.send(event).is_err() {
                return Ok(());
            }
        }
    });
    let documents = Documents::new(folder.root());
    let mut server = Server {
        folder,
        documents,
        writer,
        now,
        sender,
        encoding: Encoding::Utf16,
        checked: None,
        published: BTreeMap::new(),
        changes: 0,
        known: 0,
        running: false,
        dirty: Vec::new(),
        stage: Stage::New,
    };
    server.serve(&events)?;
    if server.stage != Stage::Ended {
        // The reader has ended, so its result is there.
        if let Ok(result) = input.join() {
            result?;
        }
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    New,
    Initialized,
    ShutDown,
    Ended,
}

struct Server<W> {
    folder: Folder,
    documents: Documents,
    writer: W,
    now: fn() -> Timestamp,
    sender: Sender<Event>,
    encoding: Encoding,
    /// The last check of the whole repository.
    checked: Option<Box<Checked>>,
    /// The diagnostics that the client has.
    published: BTreeMap<String, Vec<Json>>,
    /// The number of changes so far.
    changes: usize,
    /// The number of changes that the last check of the whole repository knows.
    known: usize,
    /// Whether a check of the whole repository runs.
    running: bool,
    /// The files that changed since they were checked.
    dirty: Vec<String>,
    stage: Stage,
}

impl<W: Write> Server<W> {
    fn serve(&mut self, events: &Receiver<Event>) -> anyhow::Result<()> {
        loop {
            let event = match events.try_recv() {
                Ok(event) => event,
                // All messages that have arrived are answered before anything is checked.
                Err(_) => {
                    self.check_changes()?;
                    let wants_check = self.stage == Stage::Initialized && self.known < self.changes && !self.running;
                    match events.recv_timeout(if wants_check { PAUSE } else { Duration::from_secs(3600) }) {
                        Ok(event) => event,
                        Err(RecvTimeoutError::Timeout) => {
                            if wants_check {
                                self.start_check();
                            }
                            continue;
                        }
                        Err(RecvTimeoutError::Disconnected) => return Ok(()),
                    }
                }
            };
            match event {
                Event::End => return Ok(()),
                Event::Checked(changes, result) => {
                    self.running = false;
                    if changes == self.changes {
                        self.accept(changes, result)?;
                    }
                }
                Event::Received(Received::Malformed) => {
                    self.send(&json!({"jsonrpc": "2.0", "id": null, "error": {"code": PARSE_ERROR, "message": "the message is not JSON"}}))?;
                }
                Event::Received(Received::Message(message)) => self.message(&message)?,
            }
            if self.stage == Stage::Ended {
                return Ok(());
            }
        }
    }

    fn send(&mut self, message: &Json) -> io::Result<()> {
        transport::write(&mut self.writer, message)
    }

    fn message(&mut self, message: &Json) -> anyhow::Result<()> {
        let parameters = message.get("params").unwrap_or(&Json::Null);
        match (message.get("method").and_then(Json::as_str), message.get("id")) {
            (Some(method), Some(id)) => {
                let answer = match self.request(method, parameters) {
                    Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
                    Err(Refusal(code, message)) => {
                        json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})
                    }
                };
                self.send(&answer)?;
            }
            (Some(method), None) => self.notification(method, parameters),
            // Answers of the client are not needed, and other messages mean nothing.
            (None, _) => {}
        }
        Ok(())
    }

    fn notification(&mut self, method: &str, parameters: &Json) {
        if method == "exit" {
            self.stage = Stage::Ended;
            return;
        }
        if method == "initialized" || method.starts_with("workspace/") {
            self.changes += 1;
            return;
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
            self.changes += 1;
            if !self.dirty.contains(&path) {
                self.dirty.push(path);
            }
        }
    }

    fn request(&mut self, method: &str, parameters: &Json) -> Result<Json, Refusal> {
        match (method, self.stage) {
            ("initialize", Stage::New) => return Ok(self.initialize(parameters)),
            ("shutdown", Stage::Initialized) => {
                self.stage = Stage::ShutDown;
                return Ok(Json::Null);
            }
            (_, Stage::Initialized) => {}
            _ => return Err(Refusal(INVALID_REQUEST, format!("`{method}` is not possible now"))),
        }
        let wrong =
            || Refusal(INVALID_PARAMS, format!("`{method}` needs a document of the flag repository and a position"));
        let known = ["completion", "hover", "definition", "references", "rename", "prepareRename", "codeAction"];
        let Some(asked) = method.strip_prefix("textDocument/").filter(|asked| known.contains(asked)) else {
            return Err(Refusal(METHOD_NOT_FOUND, format!("`{method}` is not supported")));
        };
        let Some(path) = self.documents.path(parameters) else { return Ok(Json::Null) };
        let encoding = self.encoding;
        let text = self.documents.text(&path).ok_or_else(wrong)?.to_owned();
        let at = |name: &str| parameters.pointer(name).and_then(|position| encoding.offset(&text, position));
        if asked == "completion" {
            // The names may be those of before the last change; the file itself is read as it is.
            if self.checked.is_none() {
                self.update()?;
            }
            let offset = at("/position").ok_or_else(wrong)?;
            let project = self.checked.as_ref().map(|checked| &checked.loaded.project);
            return Ok(
                project.map_or(Json::Null, |project| complete(&path, &text, offset, Names::new(project), encoding))
            );
        }
        self.update()?;
        let Some(checked) = &self.checked else { return Ok(Json::Null) };
        let Some(file) = checked.file(&path) else { return Ok(Json::Null) };
        if asked == "codeAction" {
            let range = at("/range/start").zip(at("/range/end")).ok_or_else(wrong)?;
            return Ok(quick_fixes(checked, &self.documents, encoding, file, range));
        }
        let offset = at("/position").ok_or_else(wrong)?;
        let bytes = u32::try_from(offset).map_err(|_| wrong())?;
        let navigation = Navigation { checked, documents: &self.documents, encoding };
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

    fn initialize(&mut self, parameters: &Json) -> Json {
        self.stage = Stage::Initialized;
        let encodings = parameters.pointer("/capabilities/general/positionEncodings").and_then(Json::as_array);
        let is_utf8 = encodings.is_some_and(|encodings| encodings.iter().any(|encoding| encoding == "utf-8"));
        self.encoding = if is_utf8 { Encoding::Utf8 } else { Encoding::Utf16 };
        json!({
            "capabilities": {
                "positionEncoding": if is_utf8 { "utf-8" } else { "utf-16" },
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

    /// Checks the files that changed, and publishes their findings.
    fn check_changes(&mut self) -> anyhow::Result<()> {
        for path in std::mem::take(&mut self.dirty) {
            // A file that cannot be read is reported by the check of the whole repository.
            if let Ok(Some((loaded, findings))) = one_flag(&self.folder, self.documents.texts(), &path, (self.now)()) {
                let mut found = by_path(&loaded.snapshot, &findings, &self.documents, self.encoding);
                self.publish(&path, found.remove(&path).unwrap_or_default())?;
            }
        }
        Ok(())
    }

    /// Starts a check of the whole repository on another thread.
    fn start_check(&mut self) {
        self.running = true;
        let (folder, open, changes) = (self.folder.clone(), Arc::clone(self.documents.texts()), self.changes);
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

    /// Checks the whole repository now, unless nothing has changed.
    fn update(&mut self) -> Result<(), Refusal> {
        if self.checked.is_some() && self.known == self.changes {
            return Ok(());
        }
        let result = everything(&self.folder, self.documents.texts(), (self.now)()).map(Box::new);
        let changes = self.changes;
        self.accept(changes, result).map_err(|error| Refusal(REQUEST_FAILED, error.to_string()))
    }

    /// Takes over the result of a check, and publishes what has changed.
    fn accept(&mut self, changes: usize, result: Result<Box<Checked>, SourceError>) -> io::Result<()> {
        self.known = changes;
        let checked = match result {
            Ok(checked) => checked,
            Err(error) => {
                let message = json!({"type": 1, "message": error.to_string()});
                return self.send(&json!({"jsonrpc": "2.0", "method": "window/showMessage", "params": message}));
            }
        };
        let found = by_path(&checked.loaded.snapshot, &checked.findings, &self.documents, self.encoding);
        self.checked = Some(checked);
        let gone: Vec<String> = self.published.keys().filter(|path| !found.contains_key(*path)).cloned().collect();
        for path in gone {
            self.publish(&path, Vec::new())?;
        }
        for (path, diagnostics) in found {
            if self.published.get(&path) != Some(&diagnostics) {
                self.publish(&path, diagnostics)?;
            }
        }
        Ok(())
    }

    fn publish(&mut self, path: &str, diagnostics: Vec<Json>) -> io::Result<()> {
        let parameters = json!({"uri": self.documents.address(path), "diagnostics": diagnostics});
        self.published.insert(path.to_owned(), diagnostics);
        self.send(&json!({"jsonrpc": "2.0", "method": "textDocument/publishDiagnostics", "params": parameters}))
    }
}
