//! The reason why a file of rows cannot be read, with its position.

/// The maximum number of rows of a file.
pub(crate) const MAX_ROWS: usize = 500_000;

/// The reason why a file of rows cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// Something is wrong at a position.
    #[error("line {line}, column {column}: {message}")]
    At {
        /// The line, counted from one.
        line: usize,
        /// The column, counted from one.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// Something is wrong in an object of a list.
    #[error("row {row}: {message}")]
    Row {
        /// The number of the object, counted from one.
        row: usize,
        /// What is wrong.
        message: String,
    },
    /// The file has too many rows.
    #[error("the file has more than {MAX_ROWS} rows")]
    TooManyRows,
    /// The file has no row.
    #[error("the file has no row: expected CSV with a line of column names, or JSON")]
    Empty,
}
