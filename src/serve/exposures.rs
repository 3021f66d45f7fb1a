//! Records the decisions that the server answers, as lines of NDJSON.
//!
//! A request puts its line into a queue of limited length, and a thread writes the lines. If the thread is too slow, for
//! example because a disk is full, lines are dropped and counted. An answer never waits.

use std::fmt;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use jiff::Timestamp;
use prometheus_client::metrics::counter::Counter;
use serde_json::{Map, Value as Json};

use crate::bundle::{Bundle, Flag};
use crate::eval::{Context, Decision, Reason, Value};
use crate::events::{DecidedVariant, WrittenExposure};
use crate::report::Printable;
use crate::report::eval_command::json;
use crate::report::server::ServerEvent;
use crate::serve::log::Log;
use crate::serve::threads;

/// The number of lines that wait to be written.
const QUEUE: usize = 8192;
/// The number of lines that are written at once.
const BATCH: usize = 512;
/// The maximum time in which the waiting lines are written when the server stops.
const END_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens the file for exposures, or returns another writer.
pub type OpenExposures = Box<dyn Fn() -> io::Result<Box<dyn Write + Send>> + Send>;

/// Which decisions are written, and where.
pub struct ExposureSettings {
    /// Opens the file. It is called again when the file was moved away, at SIGHUP.
    pub open: OpenExposures,
    /// The name of the file, for messages.
    pub name: String,
    /// Which decisions are written.
    pub decisions: WrittenDecisions,
    /// The attributes of the context that are written.
    pub attributes: Vec<String>,
}

/// Which decisions are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrittenDecisions {
    /// Those whose variant is random.
    Split,
    /// All decisions for a unit.
    All,
}

impl fmt::Debug for ExposureSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExposureSettings").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Records decisions.
pub(super) struct ExposureRecorder {
    queue: SyncSender<Message>,
    dropped: Counter,
    decisions: WrittenDecisions,
    attributes: Vec<String>,
}

enum Message {
    Line(String),
    /// Open the file again, because it was moved away.
    Reopen,
    /// Write what waits, and answer.
    End(SyncSender<()>),
}

impl ExposureRecorder {
    /// Starts the thread that writes.
    ///
    /// # Errors
    /// Returns an error if the file cannot be opened, or if the operating system gives no thread.
    pub(super) fn start(settings: ExposureSettings, counters: [Counter; 2], log: Log) -> io::Result<Self> {
        let [written, dropped] = counters;
        let (queue, lines) = sync_channel(QUEUE);
        let ExposureSettings { open, name, decisions, attributes } = settings;
        let out = Some(open()?);
        let writer = Writer { open, out, name, log, written, dropped: dropped.clone(), has_failed: false };
        threads::spawn(move || writer.run(&lines))?;
        Ok(Self { queue, dropped, decisions, attributes })
    }

    /// Records a decision, unless it is not one of those that are written. Never waits.
    pub(super) fn record(
        &self,
        (bundle, version): (&Bundle, Option<&str>),
        flag: &Flag,
        (decision, context): (&Decision<'_>, &Context<'_>),
        now: Timestamp,
    ) {
        let is_written = match (self.decisions, decision.reason) {
            (_, Reason::Error(_)) => false,
            (_, Reason::Split) | (WrittenDecisions::All, _) => true,
            (WrittenDecisions::Split, _) => false,
        };
        let Value::Text(unit) = context.value(flag.deciding_unit(decision.rule)) else { return };
        if !is_written || unit.is_empty() {
            return;
        }
        let decided = DecidedVariant {
            flag: &flag.key,
            variant: &decision.variant.name,
            reason: decision.reason.name(),
            environment: &bundle.environment,
            version,
        };
        let attribute = |name: &String| {
            let value = context.value(bundle.attributes.find(name)?);
            let is_usable = !matches!(value, Value::Null | Value::Unusable(_));
            Some((name.clone(), json(value).filter(|_| is_usable)?))
        };
        let attributes: Map<String, Json> = self.attributes.iter().filter_map(attribute).collect();
        let line = WrittenExposure::new(decided, unit, attributes, now).to_line();
        if line.is_err() || line.is_ok_and(|line| self.queue.try_send(Message::Line(line)).is_err()) {
            self.dropped.inc();
        }
    }

    /// Opens the file again, after the lines that wait.
    pub(super) fn reopen(&self) {
        // Without a thread, there is nothing to open.
        let _ = self.queue.send(Message::Reopen);
    }

    /// Waits until the lines that wait are written.
    pub(super) fn end(&self) {
        let (done, waiting) = sync_channel(1);
        if self.queue.send(Message::End(done)).is_ok() {
            let _ = waiting.recv_timeout(END_TIMEOUT);
        }
    }
}

/// The thread that writes.
struct Writer {
    open: OpenExposures,
    out: Option<Box<dyn Write + Send>>,
    name: String,
    log: Log,
    written: Counter,
    dropped: Counter,
    has_failed: bool,
}

impl Writer {
    fn run(mut self, messages: &Receiver<Message>) {
        while let Ok(first) = messages.recv() {
            let (mut lines, mut count) = (String::new(), 0);
            let mut next = Some(first);
            while let Some(Message::Line(line)) = next {
                lines.push_str(&line);
                count += 1;
                next = if count < BATCH { messages.try_recv().ok() } else { None };
            }
            if count > 0 {
                self.write(lines, count as u64);
            }
            match next {
                Some(Message::Reopen) => self.out = None,
                Some(Message::End(done)) => {
                    let _ = done.try_send(());
                }
                Some(Message::Line(_)) | None => {}
            }
        }
    }

    /// Writes some lines, and opens the file first if it is not open. Lines that cannot be written are dropped.
    fn write(&mut self, lines: String, count: u64) {
        let lines = Printable::json_document(lines);
        match self.try_write(lines.as_str().as_bytes()) {
            Ok(()) => {
                self.written.inc_by(count);
                self.has_failed = false;
            }
            Err(error) => {
                self.out = None;
                self.dropped.inc_by(count);
                if !self.has_failed {
                    self.log
                        .write(&ServerEvent::ExposuresDropped { file: self.name.clone(), problem: error.to_string() });
                }
                self.has_failed = true;
            }
        }
    }

    fn try_write(&mut self, lines: &[u8]) -> io::Result<()> {
        let out = match &mut self.out {
            Some(out) => out,
            None => self.out.insert((self.open)()?),
        };
        out.write_all(lines)?;
        out.flush()
    }
}
