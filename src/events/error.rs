//! The reasons why an input cannot be read at all.

use std::io;

/// The reason why an input cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The bytes cannot be read.
    #[error("cannot read `{file}`")]
    Read {
        /// The name of the input.
        file: String,
        /// The error.
        source: io::Error,
    },
    /// The first line of a CSV file does not fit.
    #[error("cannot use `{file}`: line {line}: {message}")]
    Header {
        /// The name of the input.
        file: String,
        /// The line, counted from one.
        line: u64,
        /// What is wrong.
        message: String,
    },
    /// The reader of the events stopped before the end. It knows why.
    #[error("`{0}` was not read to its end")]
    Stopped(String),
}
