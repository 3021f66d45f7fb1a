//! Files of events on the command line, and the notes about their rows that could not be read.

use std::path::Path;

use anyhow::Result;

use crate::cli::console;
use crate::cli::context_arg;
use crate::events::{BadRows, Input, RowCounts};

/// Opens a file of events, or stdin if the path is `-`.
///
/// # Errors
/// Returns an error if the file cannot be opened.
pub(crate) fn open_events(path: &Path) -> Result<Input> {
    Ok(Input::new(path.display().to_string(), context_arg::open(path)?))
}

/// Writes a note to stderr for each kind of bad row.
pub(crate) fn note_bad_rows(what: &str, counts: &RowCounts) {
    for (name, rows) in &counts.bad {
        let BadRows { count, file, line, message } = rows;
        let rows = if *count == 1 { "row" } else { "rows" };
        console::note(format!("{count} bad {rows} of {what}, {name}: {file}:{line}: {message}"));
    }
}
