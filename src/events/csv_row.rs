//! A row in CSV: values in one line, in the order of the names in the first line.

use csv_core::{ReadRecordResult, Reader};

use crate::events::bad_row::BadRow;
use crate::events::column::Column;

/// The maximum number of columns.
const MAX_COLUMNS: usize = 1000;

/// The columns of a file, and the buffers for its rows.
pub(super) struct CsvRows {
    /// What flagctl knows of each column.
    columns: Vec<Option<Column>>,
    reader: Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl CsvRows {
    /// Reads the first line.
    ///
    /// # Errors
    /// Returns a message if the names are not those of the required columns.
    pub(super) fn new(header: &str, required: &[Column]) -> Result<Self, String> {
        let mut rows =
            Self { columns: Vec::new(), reader: Reader::new(), text: Vec::new(), ends: vec![0; MAX_COLUMNS] };
        let count = rows.split(header).map_err(|bad| bad.to_string())?;
        let columns: Vec<Option<Column>> = rows.values(count).map(|name| Column::from_name(name.trim())).collect();
        for (index, column) in columns.iter().enumerate() {
            let Some(column) = column else { continue };
            if columns.iter().take(index).any(|other| other.as_ref() == Some(column)) {
                return Err(format!("the column `{}` occurs twice", column.name()));
            }
        }
        if let Some(missing) = required.iter().find(|column| !columns.contains(&Some(**column))) {
            let message = "the first line has the names of the columns, or each line is a JSON object";
            return Err(format!("the column `{}` is missing; {message}", missing.name()));
        }
        rows.columns = columns;
        Ok(rows)
    }

    /// Reads a line after the first, and gives its fields to `add`.
    ///
    /// # Errors
    /// Returns [`BadRow`] if the line has another number of values, or an open quote.
    pub(super) fn read(&mut self, line: &str, mut add: impl FnMut(Column, &str)) -> Result<(), BadRow> {
        let count = self.split(line)?;
        if count != self.columns.len() {
            return Err(BadRow::ColumnCount { expected: self.columns.len(), found: count });
        }
        for (column, value) in self.columns.iter().zip(self.values(count)) {
            if let Some(column) = column {
                add(*column, value);
            }
        }
        Ok(())
    }

    /// Splits a line into values, and returns how many there are.
    fn split(&mut self, line: &str) -> Result<usize, BadRow> {
        if self.text.len() <= line.len() {
            self.text.resize(line.len() + 1, 0);
        }
        self.reader.reset();
        let (result, _, written, in_line) = self.reader.read_record(line.as_bytes(), &mut self.text, &mut self.ends);
        let rest = self.ends.get_mut(in_line..).unwrap_or_default();
        if result == ReadRecordResult::OutputEndsFull || rest.is_empty() {
            return Err(BadRow::ColumnCount { expected: self.columns.len(), found: MAX_COLUMNS + 1 });
        }
        // The line break ends the row, unless it is inside quotes.
        let space = self.text.get_mut(written..).unwrap_or_default();
        match self.reader.read_record(b"\n", space, rest) {
            (ReadRecordResult::Record, ..) => Ok(in_line + 1),
            _ => Err(BadRow::OpenQuote),
        }
    }

    fn values(&self, count: usize) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(self.ends.iter().copied()).take(count).map(|(start, end)| {
            self.text.get(start..end).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
        })
    }
}
