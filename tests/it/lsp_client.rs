//! A client of `flagctl lsp`, over its standard streams.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use serde_json::{Value as Json, json};

use crate::git_bench::TestRepository;

/// A client of `flagctl lsp`.
pub(crate) struct Client {
    root: String,
    pub(crate) server: Child,
    pub(crate) input: ChildStdin,
    output: BufReader<ChildStdout>,
    next: u64,
    version: u64,
    /// All messages so far.
    pub(crate) transcript: String,
}

impl Client {
    /// Starts a server in a repository, and initializes it.
    pub(crate) fn new(repository: &TestRepository, capabilities: &Json) -> Self {
        let mut client = Self::start(repository, repository.root());
        client.ask("initialize", json!({"capabilities": capabilities}));
        client.notify("initialized", json!({}));
        client
    }

    /// Starts a server in a folder. The addresses of files are those of the repository.
    pub(crate) fn start(repository: &TestRepository, folder: &Path) -> Self {
        let mut server = repository
            .command(env!("CARGO_BIN_EXE_flagctl"))
            .arg("lsp")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (server.stdin.take().unwrap(), BufReader::new(server.stdout.take().unwrap()));
        let root = repository.root().canonicalize().unwrap().display().to_string();
        Self { root, server, input, output, next: 0, version: 0, transcript: String::new() }
    }

    pub(crate) fn send(&mut self, message: &Json) {
        self.record("editor", message);
        let body = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        self.input.flush().unwrap();
    }

    pub(crate) fn receive(&mut self) -> Json {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert_ne!(self.output.read_line(&mut line).unwrap(), 0, "the server has ended");
            match line.trim().split_once(": ") {
                Some((_, value)) => length = value.parse().unwrap(),
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).unwrap();
        let message = serde_json::from_slice(&body).unwrap();
        self.record("server", &message);
        message
    }

    /// Adds a message to the transcript: a line with its method and number, and a line for each of its fields or elements.
    fn record(&mut self, sender: &str, message: &Json) {
        let id = message.get("id").map_or_else(String::new, |id| format!(" {id}"));
        let kind = message["method"].as_str().unwrap_or("answer");
        let content = ["params", "result", "error"].into_iter().find_map(|name| message.get(name));
        let mut text = format!("{sender}: {kind}{id}\n");
        match content.unwrap_or(&Json::Null) {
            Json::Object(fields) => fields.iter().for_each(|(name, value)| match value {
                Json::Array(values) if !values.is_empty() => {
                    writeln!(text, "  {name}:").unwrap();
                    values.iter().for_each(|value| writeln!(text, "    {value}").unwrap());
                }
                _ => writeln!(text, "  {name}: {value}").unwrap(),
            }),
            Json::Array(values) => values.iter().for_each(|value| writeln!(text, "  {value}").unwrap()),
            value => writeln!(text, "  {value}").unwrap(),
        }
        self.transcript += &text.replace(&self.root, "[ROOT]");
    }

    pub(crate) fn notify(&mut self, method: &str, parameters: Json) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": parameters}));
    }

    pub(crate) fn request(&mut self, method: &str, parameters: Json) -> Json {
        self.next += 1;
        let id = self.next;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": parameters}));
        loop {
            let message = self.receive();
            if message["id"] == id {
                return message;
            }
        }
    }

    pub(crate) fn ask(&mut self, method: &str, parameters: Json) -> Json {
        let answer = self.request(method, parameters);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    pub(crate) fn uri(&self, path: &str) -> String {
        format!("file://{}/{path}", self.root)
    }

    pub(crate) fn open(&mut self, path: &str, text: &str) {
        let uri = self.uri(path);
        self.notify(
            "textDocument/didOpen",
            json!({"textDocument": {"uri": uri, "languageId": "yaml", "version": 1, "text": text}}),
        );
    }

    pub(crate) fn set(&mut self, path: &str, text: &str) {
        self.version += 1;
        let document = json!({"uri": self.uri(path), "version": self.version});
        self.notify("textDocument/didChange", json!({"textDocument": document, "contentChanges": [{"text": text}]}));
    }

    /// Returns the next diagnostics of a file, as `line:character code`.
    pub(crate) fn diagnostics(&mut self, path: &str) -> Vec<String> {
        let uri = self.uri(path);
        loop {
            let message = self.receive();
            if message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == *uri {
                let all = message["params"]["diagnostics"].as_array().unwrap().iter();
                let shown = |found: &Json| {
                    let start = &found["range"]["start"];
                    format!("{}:{} {}", start["line"], start["character"], found["code"].as_str().unwrap())
                };
                return all.map(shown).collect();
            }
        }
    }

    pub(crate) fn at(&mut self, method: &str, path: &str, line: usize, character: usize) -> Json {
        let document = json!({"uri": self.uri(path)});
        self.ask(method, json!({"textDocument": document, "position": {"line": line, "character": character}}))
    }

    pub(crate) fn labels(&mut self, path: &str, text: &str) -> Vec<String> {
        let (line, character) = end(text);
        self.set(path, text);
        let result = self.at("textDocument/completion", path, line, character);
        result["items"].as_array().unwrap().iter().map(|item| item["label"].as_str().unwrap().to_owned()).collect()
    }

    /// Replaces the part of a line that begins at a character.
    pub(crate) fn replace(&mut self, path: &str, (line, character): (usize, usize), old: &str, new: &str) {
        self.version += 1;
        let end = character + old.encode_utf16().count();
        let range = json!({"start": {"line": line, "character": character}, "end": {"line": line, "character": end}});
        let document = json!({"uri": self.uri(path), "version": self.version});
        let changes = json!([{"range": range, "text": new}]);
        self.notify("textDocument/didChange", json!({"textDocument": document, "contentChanges": changes}));
    }

    pub(crate) fn stop(mut self) {
        self.ask("shutdown", Json::Null);
        self.notify("exit", Json::Null);
        assert!(self.server.wait().unwrap().success());
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Returns the position of the end of a text.
pub(crate) fn end(text: &str) -> (usize, usize) {
    (text.matches('\n').count(), text.rsplit('\n').next().unwrap().encode_utf16().count())
}
