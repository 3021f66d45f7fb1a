//! How the rows of an input are written: in JSON, or in CSV with a line of names.

use crate::events::bad_row::BadRow;
use crate::events::column::Column;
use crate::events::csv_row::CsvRows;
use crate::events::json_row;
use crate::events::row::Syntax;

/// How the rows of an input are written.
pub(super) enum Layout {
    /// Each line is a JSON object.
    Json,
    /// Each line has values, in the order of the names in the first line.
    Csv(Box<CsvRows>),
}

/// What the first line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FirstLine {
    /// A row, as all others.
    Row,
    /// The names of the columns.
    Header,
}

impl Layout {
    /// Finds the layout from the first line that is not blank and the lines after it.
    ///
    /// A first line that is damaged does not hide that the file has JSON: the file is CSV only if no line is an object.
    ///
    /// # Errors
    /// Returns a message if the input is CSV without the required columns.
    pub(super) fn find(first: &str, others: &[u8], required: &[Column]) -> Result<(Self, FirstLine), String> {
        let is_object = |line: &[u8]| line.trim_ascii_start().starts_with(b"{");
        if is_object(first.as_bytes()) {
            return Ok((Self::Json, FirstLine::Row));
        }
        match CsvRows::new(first, required) {
            Ok(rows) => Ok((Self::Csv(Box::new(rows)), FirstLine::Header)),
            Err(_) if others.split(|byte| *byte == b'\n').any(is_object) => Ok((Self::Json, FirstLine::Row)),
            Err(_) if first.trim_start().starts_with('[') => {
                Err("expected one JSON object in each line, found a list; `jq -c '.[]'` makes lines of a list"
                    .to_owned())
            }
            Err(message) => Err(message),
        }
    }

    /// Returns how the fields are written.
    pub(super) fn syntax(&self) -> Syntax {
        match self {
            Self::Json => Syntax::Json,
            Self::Csv(_) => Syntax::Csv,
        }
    }

    /// Reads a line, and gives its fields to `add`.
    ///
    /// # Errors
    /// Returns [`BadRow`] if the line is not a row.
    pub(super) fn read(&mut self, line: &str, add: impl FnMut(Column, &str)) -> Result<(), BadRow> {
        match self {
            Self::Json => json_row::read(line, Column::from_name, add),
            Self::Csv(rows) => rows.read(line, add),
        }
    }
}
