//! Notes about rows of event files that could not be read.

use crate::cli::console;
use crate::events::{BadRows, RowCounts};

/// Writes a note to stderr for each kind of bad row.
pub(crate) fn note_bad_rows(what: &str, counts: &RowCounts) {
    for (name, rows) in &counts.bad {
        let BadRows { count, file, line, message } = rows;
        let rows = if *count == 1 { "row" } else { "rows" };
        console::note(format!("{count} bad {rows} of {what}, {name}: {file}:{line}: {message}"));
    }
}
