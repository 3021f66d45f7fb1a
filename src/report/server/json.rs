//! The events of a server as lines of JSON.

use jiff::Timestamp;
use serde::Serialize;

use crate::report::Printable;
use crate::report::server::event::{ServerEvent, Severity};

#[derive(Serialize)]
struct EventJson<'e> {
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    severity: Severity,
    #[serde(flatten)]
    event: &'e ServerEvent,
}

/// Returns an event as one line of JSON, with the time if it is given.
///
/// # Errors
/// Returns the error of serde. This does not happen in practice, because every part of an event has a JSON form.
pub fn json(event: &ServerEvent, now: Option<Timestamp>) -> serde_json::Result<Printable> {
    let line = EventJson { time: now.map(|now| now.to_string()), severity: event.severity(), event };
    Ok(Printable::json_document(serde_json::to_string(&line)? + "\n"))
}
