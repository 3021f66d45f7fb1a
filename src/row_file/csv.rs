//! Rows in CSV: the first line has the names of the columns, in any order.

use crate::row_file::error::{FileError, MAX_ROWS};
use crate::row_file::row::{Columns, RowTexts};

/// Reads CSV.
///
/// # Errors
/// Returns [`FileError`] with the line and the column, both counted from one, and the column in characters.
pub(super) fn rows<T>(
    text: &str,
    columns: &Columns,
    make: impl Fn(&RowTexts<'_>) -> Result<T, (&'static str, String)>,
) -> Result<Vec<T>, FileError> {
    let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    let (_, header) = lines.next().unwrap_or((1, ""));
    let header = cells(header, 1)?;
    let names: Vec<String> = header.iter().map(|cell| cell.text.replace('_', "-")).collect();
    for (index, name) in names.iter().enumerate() {
        let column = header.get(index).map_or(1, |cell| cell.column);
        if let Some(message) = columns.unknown(name) {
            return Err(FileError::At { line: 1, column, message });
        }
        if names.iter().take(index).any(|other| other == name) {
            return Err(FileError::At { line: 1, column, message: format!("the column `{name}` occurs twice") });
        }
    }
    for key in columns.required {
        if !names.iter().any(|name| name == key) {
            let message = format!("the column `{key}` is missing; the first line has the names of the columns");
            return Err(FileError::At { line: 1, column: 1, message });
        }
    }
    let mut rows = Vec::new();
    for (line, text) in lines {
        if text.trim().is_empty() {
            continue;
        }
        if rows.len() == MAX_ROWS {
            return Err(FileError::TooManyRows);
        }
        let cells = cells(text, line)?;
        if cells.len() != names.len() {
            let column = cells.last().map_or(1, |cell| cell.column);
            let message = format!("expected {} columns, found {}", names.len(), cells.len());
            return Err(FileError::At { line, column, message });
        }
        let texts = names.iter().zip(&cells).map(|(name, cell)| (name.as_str(), cell.text.as_str())).collect();
        let column_of = |name: &str| names.iter().position(|own| own == name).and_then(|index| cells.get(index));
        rows.push(make(&RowTexts(texts)).map_err(|(name, message)| FileError::At {
            line,
            column: column_of(name).map_or(1, |cell| cell.column),
            message,
        })?);
    }
    Ok(rows)
}

/// A value of a line.
struct Cell {
    text: String,
    /// The number of its first character in the line.
    column: usize,
}

/// Splits a line at commas. A value in double quotes may contain commas, and two double quotes stand for one.
fn cells(line: &str, number: usize) -> Result<Vec<Cell>, FileError> {
    let mut cells = Vec::new();
    let mut characters = line.chars().enumerate().map(|(index, character)| (index + 1, character)).peekable();
    loop {
        let column = characters.peek().map_or(line.chars().count() + 1, |(column, _)| *column);
        let mut text = String::new();
        if characters.next_if(|(_, character)| *character == '"').is_some() {
            loop {
                match characters.next() {
                    Some((_, '"')) if characters.next_if(|(_, next)| *next == '"').is_some() => text.push('"'),
                    Some((_, '"')) => break,
                    Some((_, character)) => text.push(character),
                    None => {
                        let message = "expected `\"` at the end of the value".to_owned();
                        return Err(FileError::At { line: number, column, message });
                    }
                }
            }
        } else {
            while let Some((_, character)) = characters.next_if(|(_, character)| *character != ',') {
                text.push(character);
            }
            text = text.trim().to_owned();
        }
        cells.push(Cell { text, column });
        match characters.next() {
            Some((_, ',')) => {}
            Some((column, _)) => {
                return Err(FileError::At { line: number, column, message: "expected `,` after the value".to_owned() });
            }
            None => return Ok(cells),
        }
    }
}
