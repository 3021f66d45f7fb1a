//! The reasons why a line is not an event.

use crate::events::column::Column;
use crate::events::limits::{MAX_LINE_BYTES, MAX_TEXT_BYTES};

/// The reason why a line is not an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRow {
    /// The line is too long.
    #[error("the line has more than {MAX_LINE_BYTES} bytes")]
    TooLong,
    /// The line is not UTF-8.
    #[error("the line is not UTF-8")]
    NotUtf8,
    /// The line is not JSON.
    #[error("{0}")]
    NotJson(String),
    /// The line has JSON that is not an object.
    #[error("expected an object, which begins with `{{`")]
    NotObject,
    /// A value in quotes does not end in the line.
    #[error("a `\"` is not closed in the same line")]
    OpenQuote,
    /// The line has another number of values than the first line has names.
    #[error("expected {expected} columns, found {found}")]
    ColumnCount {
        /// The number of names.
        expected: usize,
        /// The number of values.
        found: usize,
    },
    /// A field occurs twice, with different values.
    #[error("`{}` occurs twice with different values", .0.name())]
    Repeated(Column),
    /// A field is missing.
    #[error("`{}` is missing", .0.name())]
    Missing(Column),
    /// A field has another type.
    #[error("`{}` is not {expected}", .column.name())]
    WrongType {
        /// The field.
        column: Column,
        /// What was expected, with an article.
        expected: &'static str,
    },
    /// A text is too long.
    #[error("`{}` has more than {MAX_TEXT_BYTES} bytes", .0.name())]
    LongText(Column),
    /// The time cannot be read.
    #[error("`ts` is not a time with an offset, for example `2026-11-22T11:04:05.123Z`")]
    Time,
    /// A number is not finite.
    #[error("`{}` is not a finite number", .0.name())]
    NotFinite(Column),
    /// A number is negative.
    #[error("`{}` is negative", .0.name())]
    Negative(Column),
    /// The attributes cannot be read.
    #[error("`attrs`: {0}")]
    Attributes(String),
    /// Fields of the event contradict each other.
    #[error("{0}")]
    Contradiction(&'static str),
    /// The event is in the future.
    #[error("`ts` is after the present")]
    Future,
    /// The flag has no such variant.
    #[error("the flag has no such variant")]
    UnknownVariant,
    /// The rest of a compressed file cannot be read.
    #[error("the compressed data ends early or is damaged, so the rest of the file is unknown")]
    DamagedGzip,
}

impl BadRow {
    /// Returns the name of the reason, under which rows are counted.
    pub fn name(&self) -> &'static str {
        match self {
            Self::TooLong => "line-too-long",
            Self::NotUtf8 => "invalid-utf-8",
            Self::NotJson(_) => "invalid-json",
            Self::NotObject => "not-an-object",
            Self::OpenQuote => "open-quote",
            Self::ColumnCount { .. } => "wrong-column-count",
            Self::Repeated(_) => "repeated-key",
            Self::Missing(_) => "missing-key",
            Self::WrongType { .. } => "wrong-type",
            Self::LongText(_) => "text-too-long",
            Self::Time => "invalid-time",
            Self::NotFinite(_) => "number-not-finite",
            Self::Negative(_) => "negative-number",
            Self::Attributes(_) => "invalid-attributes",
            Self::Contradiction(_) => "contradiction",
            Self::Future => "future-time",
            Self::UnknownVariant => "unknown-variant",
            Self::DamagedGzip => "damaged-gzip",
        }
    }
}
