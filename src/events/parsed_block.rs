//! Lines whose fields were found. One thread finds the fields, and another one reads the events from them.

use crate::events::bad_row::BadRow;
use crate::events::column::Column;
use crate::events::row::{Row, Syntax};

/// Lines whose fields were found.
#[derive(Debug)]
pub(super) struct ParsedBlock {
    syntax: Syntax,
    /// The values of all fields, as they are written, without anything between them.
    text: String,
    fields: Vec<Field>,
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Field {
    column: Column,
    /// Where the value ends in the text. It begins where the value before it ends.
    end: usize,
}

#[derive(Debug)]
struct Line {
    /// The number of the line, counted from one.
    number: u64,
    /// The index after the last field, or why the line is not a row.
    fields_end: Result<usize, BadRow>,
}

impl ParsedBlock {
    /// Returns a block without lines.
    pub(super) fn new() -> Self {
        Self { syntax: Syntax::Json, text: String::new(), fields: Vec::new(), lines: Vec::new() }
    }

    /// Removes all lines, and keeps the memory for the next ones.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.fields.clear();
        self.lines.clear();
    }

    /// Adds a line. The function finds its fields, and gives each to the function that is its argument.
    pub(super) fn add_line(
        &mut self,
        number: u64,
        syntax: Syntax,
        find: impl FnOnce(&mut dyn FnMut(Column, &str)) -> Result<(), BadRow>,
    ) {
        self.syntax = syntax;
        let (text, fields) = (self.text.len(), self.fields.len());
        let found = find(&mut |column, written| {
            self.text.push_str(written);
            self.fields.push(Field { column, end: self.text.len() });
        });
        let fields_end = match found {
            Ok(()) => Ok(self.fields.len()),
            Err(bad) => {
                self.text.truncate(text);
                self.fields.truncate(fields);
                Err(bad)
            }
        };
        self.lines.push(Line { number, fields_end });
    }

    /// Adds a line that is not a row.
    pub(super) fn add_bad(&mut self, number: u64, bad: BadRow) {
        self.lines.push(Line { number, fields_end: Err(bad) });
    }

    /// Iterates over the numbers of the lines and their rows.
    pub(super) fn rows(&self) -> impl Iterator<Item = (u64, Result<Row<'_>, BadRow>)> {
        let (mut field, mut start) = (0, 0);
        self.lines.iter().map(move |line| {
            let row = line.fields_end.as_ref().map_err(BadRow::clone).and_then(|end| {
                let mut row = Row::new(self.syntax);
                for Field { column, end } in self.fields.get(field..*end).unwrap_or_default() {
                    row.set(*column, self.text.get(start..*end).unwrap_or_default());
                    start = *end;
                }
                field = *end;
                row.check().map(|()| row)
            });
            (line.number, row)
        })
    }
}
