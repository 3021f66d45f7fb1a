//! The messages of the client, in their order, and the requests among them that it has cancelled.
//!
//! A thread reads messages, so that the server knows what the client wants while it works. All messages that have arrived are taken
//! at once. A request whose cancellation is among them is therefore never started.

use std::collections::{BTreeSet, VecDeque};
use std::io::{self, BufRead};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value as Json;

use crate::lsp::state::Checked;
use crate::lsp::transport::{self, Received};
use crate::source::SourceError;

/// What the server waits for.
pub(super) enum Event {
    Received(Received),
    /// The input has ended, or the framing of messages is broken.
    End,
    /// The check of the whole repository, and the number of changes that it knows.
    Checked(usize, Result<Box<Checked>, SourceError>),
}

pub(super) struct Inbox {
    events: Receiver<Event>,
    /// The events that have arrived and are not handled.
    queue: VecDeque<Event>,
    /// The identifiers, as JSON, in the cancellations of the queue.
    cancelled: BTreeSet<String>,
    reader: JoinHandle<io::Result<()>>,
}

impl Inbox {
    /// Starts to read messages. The sender takes events from other threads.
    pub(super) fn new(mut reader: impl BufRead + Send + 'static) -> (Self, Sender<Event>) {
        let (sender, events) = mpsc::channel();
        let received = sender.clone();
        let reader = thread::spawn(move || -> io::Result<()> {
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
        (Self { events, queue: VecDeque::new(), cancelled: BTreeSet::new(), reader }, sender)
    }

    /// Returns the next event if one has arrived.
    pub(super) fn next(&mut self) -> Option<Event> {
        while let Ok(event) = self.events.try_recv() {
            self.add(event);
        }
        let event = self.queue.pop_front()?;
        if let Some(id) = cancellation(&event) {
            self.cancelled.remove(&id);
        }
        Some(event)
    }

    /// Waits for an event. Returns whether one has arrived.
    pub(super) fn wait(&mut self, longest: Duration) -> Result<(), RecvTimeoutError> {
        let event = self.events.recv_timeout(longest)?;
        self.add(event);
        Ok(())
    }

    /// Returns whether the client has cancelled a request that is not answered.
    pub(super) fn is_cancelled(&mut self, id: &Json) -> bool {
        self.cancelled.remove(&id.to_string())
    }

    /// Returns the error that ended the input. The input must have ended.
    pub(super) fn result(self) -> io::Result<()> {
        self.reader.join().unwrap_or(Ok(()))
    }

    fn add(&mut self, event: Event) {
        self.cancelled.extend(cancellation(&event));
        self.queue.push_back(event);
    }
}

/// Returns the identifier in a cancellation, as JSON.
fn cancellation(event: &Event) -> Option<String> {
    let Event::Received(Received::Message(message)) = event else { return None };
    let is_cancellation = message.get("method")?.as_str()? == "$/cancelRequest";
    message.pointer("/params/id").filter(|_| is_cancellation).map(Json::to_string)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::thread;

    use serde_json::{Value as Json, json};

    use super::{Event, Inbox};
    use crate::lsp::transport::Received;

    #[test]
    fn a_request_is_cancelled_before_its_turn_and_not_for_later_ones() {
        let messages = [
            json!({"id": 1, "method": "textDocument/hover"}),
            json!({"id": "1", "method": "textDocument/hover"}),
            json!({"method": "$/cancelRequest", "params": {"id": 1}}),
            json!({"method": "$/cancelRequest", "params": {"id": 2}}),
            json!({"method": "$/cancelRequest", "params": [2]}),
            json!({"id": 2, "method": "textDocument/hover"}),
        ];
        let framed = messages.map(|message| format!("Content-Length: {}\r\n\r\n{message}", message.to_string().len()));
        let (mut inbox, _sender) = Inbox::new(Cursor::new(framed.concat()));
        // The server works while the messages arrive.
        while !inbox.reader.is_finished() {
            thread::yield_now();
        }
        let mut cancelled = Vec::new();
        while let Some(Event::Received(Received::Message(message))) = inbox.next() {
            if let Some(id) = message.get("id") {
                cancelled.push((id.clone(), inbox.is_cancelled(id)));
            }
        }
        let expected: [(Json, bool); 3] = [(json!(1), true), (json!("1"), false), (json!(2), false)];
        assert_eq!(cancelled, expected);
    }
}
