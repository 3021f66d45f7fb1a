//! How many rows of each kind were read, and an example of each kind of bad row.

use std::collections::BTreeMap;

use crate::events::bad_row::BadRow;

/// The position of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position<'f> {
    /// The name of the input.
    pub file: &'f str,
    /// The number of the line, counted from one.
    pub line: u64,
}

/// The rows of inputs, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowCounts {
    /// The rows that were read as events.
    pub events: u64,
    /// The events of another kind, which the inputs may contain.
    pub other_events: u64,
    /// The evaluations that failed, which expose a unit to nothing.
    pub failed_evaluations: u64,
    /// The rows that could not be read, by the name of the reason.
    pub bad: BTreeMap<&'static str, BadRows>,
}

/// The rows that could not be read for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRows {
    /// The number of rows.
    pub count: u64,
    /// The input with the first row.
    pub file: String,
    /// The line of the first row, counted from one.
    pub line: u64,
    /// What is wrong in the first row.
    pub message: String,
}

/// Why a reader of events does not take an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The event is counted as a bad row.
    BadRow(BadRow),
    /// The reader needs no further events, for example because it failed.
    Stop,
}

impl From<BadRow> for Refusal {
    fn from(bad: BadRow) -> Self {
        Self::BadRow(bad)
    }
}

/// What a row is, if it is not bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An event of the kind that is read.
    Event,
    /// An event of another kind.
    Other,
    /// An evaluation that failed.
    Failed,
}

impl RowCounts {
    /// Returns the number of bad rows.
    pub fn bad_rows(&self) -> u64 {
        self.bad.values().map(|rows| rows.count).sum()
    }

    /// Returns the number of all rows.
    pub fn rows(&self) -> u64 {
        self.events + self.other_events + self.failed_evaluations + self.bad_rows()
    }

    /// Counts a row.
    pub(super) fn count(&mut self, row: Result<Kind, BadRow>, position: Position<'_>) {
        match row {
            Ok(Kind::Event) => self.events += 1,
            Ok(Kind::Other) => self.other_events += 1,
            Ok(Kind::Failed) => self.failed_evaluations += 1,
            Err(reason) => {
                let first = || BadRows {
                    count: 0,
                    file: position.file.to_owned(),
                    line: position.line,
                    message: reason.to_string(),
                };
                self.bad.entry(reason.name()).or_insert_with(first).count += 1;
            }
        }
    }
}
