//! One row: the fields that flagctl knows, and their conversion to types.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::events::attributes::Attributes;
use crate::events::bad_row::BadRow;
use crate::events::column::{COLUMNS, Column};
use crate::events::limits::MAX_TEXT_BYTES;

/// How the fields of a row are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    /// Each field is a JSON value.
    Json,
    /// Each field is a text.
    Csv,
}

/// The fields of one row that flagctl knows.
#[derive(Debug)]
pub(super) struct Row<'a> {
    syntax: Syntax,
    fields: [Option<&'a str>; COLUMNS],
    /// A field that occurs twice, with different values.
    repeated: Option<Column>,
}

impl<'a> Row<'a> {
    /// Returns a row without fields.
    pub(super) fn new(syntax: Syntax) -> Self {
        Self { syntax, fields: [None; COLUMNS], repeated: None }
    }

    /// Sets a field.
    pub(super) fn set(&mut self, column: Column, text: &'a str) {
        if let Some(field) = self.fields.get_mut(column as usize) {
            if field.is_some_and(|other| other != text) {
                self.repeated = Some(column);
            }
            *field = Some(text);
        }
    }

    /// Returns an error if a field occurs twice.
    pub(super) fn check(&self) -> Result<(), BadRow> {
        self.repeated.map_or(Ok(()), |column| Err(BadRow::Repeated(column)))
    }

    /// Returns how the fields are written.
    pub(super) fn syntax(&self) -> Syntax {
        self.syntax
    }

    /// Returns a field as it is written, or `None` if it is absent, `null` in JSON, or empty in CSV.
    pub(super) fn written(&self, column: Column) -> Option<&'a str> {
        let absent = match self.syntax {
            Syntax::Json => "null",
            Syntax::Csv => "",
        };
        self.fields.get(column as usize).copied().flatten().filter(|text| *text != absent)
    }

    /// Returns a text, which is not empty.
    pub(super) fn optional_text(&self, column: Column) -> Result<Option<Cow<'a, str>>, BadRow> {
        let Some(written) = self.written(column) else { return Ok(None) };
        let text = match self.syntax {
            Syntax::Csv => Cow::Borrowed(written),
            Syntax::Json => json_text(written).ok_or(BadRow::WrongType { column, expected: "a string" })?,
        };
        match text.len() {
            0 => Ok(None),
            1..=MAX_TEXT_BYTES => Ok(Some(text)),
            _ => Err(BadRow::LongText(column)),
        }
    }

    /// Returns a text that must be present.
    pub(super) fn text(&self, column: Column) -> Result<Cow<'a, str>, BadRow> {
        self.optional_text(column)?.ok_or(BadRow::Missing(column))
    }

    /// Returns the time.
    pub(super) fn time(&self) -> Result<Timestamp, BadRow> {
        self.text(Column::Time)?.parse().map_err(|_| BadRow::Time)
    }

    /// Returns a finite number.
    pub(super) fn number(&self, column: Column) -> Result<Option<f64>, BadRow> {
        let Some(written) = self.written(column) else { return Ok(None) };
        // The parser also accepts `inf` and `nan`, and reads a number that is too large as infinite.
        let number: f64 = written.parse().map_err(|_| BadRow::WrongType { column, expected: "a number" })?;
        if number.is_finite() { Ok(Some(number)) } else { Err(BadRow::NotFinite(column)) }
    }

    /// Returns `true` or `false`.
    pub(super) fn boolean(&self, column: Column) -> Result<Option<bool>, BadRow> {
        match (self.written(column), self.syntax) {
            (None, _) => Ok(None),
            (Some("true"), _) | (Some("1" | "True" | "TRUE"), Syntax::Csv) => Ok(Some(true)),
            (Some("false"), _) | (Some("0" | "False" | "FALSE"), Syntax::Csv) => Ok(Some(false)),
            (Some(_), _) => Err(BadRow::WrongType { column, expected: "`true` or `false`" }),
        }
    }

    /// Returns the attributes.
    pub(super) fn attributes(&self) -> Result<Option<Attributes<'a>>, BadRow> {
        self.written(Column::Attributes).map(Attributes::new).transpose()
    }
}

/// Returns the text of a JSON string, or `None` if it is another value.
fn json_text(written: &str) -> Option<Cow<'_, str>> {
    let inner = written.strip_prefix('"')?.strip_suffix('"')?;
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Some(Cow::Borrowed(inner));
    }
    serde_json::from_str(written).ok().map(Cow::Owned)
}
