//! The loop that receives messages and answers them in their order.

use std::io::{self, BufRead, Write};
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, Sender};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::lsp::checks::{Notifications, notification};
use crate::lsp::inbox::{Event, Inbox};
use crate::lsp::initialization::{capabilities, encoding, opened};
use crate::lsp::refusal::{INVALID_REQUEST, PARSE_ERROR, REQUEST_CANCELLED, REQUEST_FAILED, Refusal};
use crate::lsp::session::Session;
use crate::lsp::transport::{self, Received};
use crate::source::Folder;

/// The pause after which the whole repository is checked.
const PAUSE: Duration = Duration::from_millis(300);

/// How a client ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The client sent `shutdown` and then `exit`, or the input ended.
    Orderly,
    /// The client sent `exit` without `shutdown`.
    WithoutShutdown,
}

/// Serves one client until it ends. `working` is the folder that counts if the client names none with a flag repository. `now`
/// decides which flags and kills have expired.
///
/// # Errors
/// Returns an error if there is no flag repository, or if the client breaks the framing of messages.
pub fn run(
    reader: impl BufRead + Send + 'static,
    writer: impl Write,
    working: &Path,
    now: fn() -> Timestamp,
) -> anyhow::Result<End> {
    let (mut inbox, sender) = Inbox::new(reader);
    let mut server = Server { writer, working, now, sender, session: None, stage: Stage::New };
    server.serve(&mut inbox)?;
    match server.stage {
        Stage::Ended(end) => Ok(end),
        Stage::Initialized | Stage::ShutDown => inbox.result().map(|()| End::Orderly).map_err(Into::into),
        Stage::New => {
            inbox.result()?;
            // A person who starts the server by hand learns that it could not work here.
            Folder::find(working)?;
            Ok(End::Orderly)
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    New,
    Initialized,
    ShutDown,
    Ended(End),
}

struct Server<'w, W> {
    writer: W,
    working: &'w Path,
    now: fn() -> Timestamp,
    sender: Sender<Event>,
    /// Exists after `initialize`.
    session: Option<Session>,
    stage: Stage,
}

impl<W: Write> Server<'_, W> {
    fn serve(&mut self, inbox: &mut Inbox) -> anyhow::Result<()> {
        while !matches!(self.stage, Stage::Ended(_)) {
            match inbox.next() {
                Some(Event::End) => return Ok(()),
                Some(event) => self.event(event, inbox)?,
                // All messages that have arrived are answered before anything is checked.
                None => match self.wait(inbox)? {
                    Ok(()) | Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return Ok(()),
                },
            }
        }
        Ok(())
    }

    /// Checks what changed, and waits for the next event.
    fn wait(&mut self, inbox: &mut Inbox) -> io::Result<Result<(), RecvTimeoutError>> {
        let stage = self.stage;
        let Some(session) = self.session.as_mut().filter(|_| stage == Stage::Initialized) else {
            return Ok(inbox.wait(Duration::from_secs(3600)));
        };
        let found = session.checks.check_files(&session.documents);
        let wants_check = session.checks.wants_check();
        self.notify(found)?;
        let result = inbox.wait(if wants_check { PAUSE } else { Duration::from_secs(3600) });
        if wants_check
            && result == Err(RecvTimeoutError::Timeout)
            && let Some(session) = &mut self.session
        {
            session.checks.start(&session.documents);
        }
        Ok(result)
    }

    fn event(&mut self, event: Event, inbox: &mut Inbox) -> anyhow::Result<()> {
        match event {
            Event::End => {}
            Event::Checked(changes, result) => {
                if let Some(session) = &mut self.session {
                    let found = session.checks.finish(&session.documents, changes, result);
                    self.notify(found)?;
                }
            }
            Event::Received(Received::Malformed) => {
                self.answer(&Json::Null, Err(Refusal(PARSE_ERROR, "the message is not JSON".to_owned())))?;
            }
            Event::Received(Received::Message(message)) => {
                let parameters = message.get("params").unwrap_or(&Json::Null);
                match (message.get("method").and_then(Json::as_str), message.get("id")) {
                    (Some(method), Some(id)) if inbox.is_cancelled(id) => {
                        self.answer(id, Err(Refusal(REQUEST_CANCELLED, format!("`{method}` was cancelled"))))?;
                    }
                    (Some("initialize"), Some(id)) if self.stage == Stage::New => self.initialize(id, parameters)?,
                    (Some(method), Some(id)) => {
                        let mut notifications = Vec::new();
                        let result = self.request(method, parameters, &mut notifications);
                        self.notify(notifications)?;
                        self.answer(id, result)?;
                    }
                    (Some("exit"), None) => {
                        let is_orderly = self.stage == Stage::ShutDown;
                        self.stage = Stage::Ended(if is_orderly { End::Orderly } else { End::WithoutShutdown });
                    }
                    (Some(method), None) => {
                        self.session.iter_mut().for_each(|session| session.notification(method, parameters));
                    }
                    // Answers of the client are not needed, and other messages mean nothing.
                    (None, _) => {}
                }
            }
        }
        Ok(())
    }

    /// Answers the first request, which begins the session.
    fn initialize(&mut self, id: &Json, parameters: &Json) -> anyhow::Result<()> {
        let opened = match opened(parameters, self.working) {
            Ok(opened) => opened,
            Err(error) => {
                self.answer(id, Err(Refusal(REQUEST_FAILED, error.to_string())))?;
                return Err(error.into());
            }
        };
        let encoding = encoding(parameters);
        self.answer(id, Ok(capabilities(encoding)))?;
        let unused = opened.unused.iter();
        let root = opened.folder.root().display();
        let message = |reason| format!("{reason}; the flag repository is `{root}`");
        let warning = |reason| notification("window/logMessage", &json!({"type": 2, "message": message(reason)}));
        let warnings = unused.map(warning).collect();
        self.notify(warnings)?;
        self.session = Some(Session::new(opened, encoding, self.now, self.sender.clone()));
        self.stage = Stage::Initialized;
        Ok(())
    }

    fn request(&mut self, method: &str, parameters: &Json, notifications: &mut Notifications) -> Result<Json, Refusal> {
        match (&mut self.session, self.stage) {
            (Some(_), Stage::Initialized) if method == "shutdown" => {
                self.stage = Stage::ShutDown;
                Ok(Json::Null)
            }
            (Some(session), Stage::Initialized) if method != "initialize" => {
                session.request(method, parameters, notifications)
            }
            _ => Err(Refusal(INVALID_REQUEST, format!("`{method}` is not possible now"))),
        }
    }

    fn answer(&mut self, id: &Json, result: Result<Json, Refusal>) -> io::Result<()> {
        self.send(&match result {
            Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
            Err(Refusal(code, message)) => {
                json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})
            }
        })
    }

    fn notify(&mut self, notifications: Notifications) -> io::Result<()> {
        notifications.iter().try_for_each(|notification| self.send(notification))
    }

    fn send(&mut self, message: &Json) -> io::Result<()> {
        transport::write(&mut self.writer, message)
    }
}
