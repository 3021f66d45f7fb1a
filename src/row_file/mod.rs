//! Files of rows with numbers, which a script or a warehouse writes: CSV, a JSON list, or JSON lines.
//!
//! The module takes a text, the names of the columns, and a function that makes a value of the texts of one row. It returns
//! the values, or the position of the first problem. Names of columns are written with `-`, and `_` is read as `-`.
//!
//! **Invariant:** a file with a column that is not known is refused, so that a misspelt name is never ignored.

mod csv;
mod error;
mod json;
mod row;

pub use crate::row_file::error::FileError;
pub use crate::row_file::row::{Columns, RowTexts};

/// The maximum size of a file in bytes.
pub const MAX_FILE_BYTES: u64 = 64 << 20;

/// Reads CSV, a JSON list, or JSON lines, which the first character tells apart. `make` makes a value of a row, or returns
/// the name of the column and what is wrong with its text.
///
/// # Errors
/// Returns [`FileError`] with the position of the first problem.
pub fn read<T>(
    text: &str,
    columns: &Columns,
    make: impl Fn(&RowTexts<'_>) -> Result<T, (&'static str, String)>,
) -> Result<Vec<T>, FileError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let rows = match text.trim_start().chars().next() {
        None => return Err(FileError::Empty),
        Some('[') => json::list(text, columns, make)?,
        Some('{') => json::lines(text, columns, make)?,
        Some(_) => csv::rows(text, columns, make)?,
    };
    if rows.is_empty() { Err(FileError::Empty) } else { Ok(rows) }
}
