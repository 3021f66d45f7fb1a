//! Rows in JSON: a list of objects, or one object in each line.

use serde_json::{Map, Value as Json};

use crate::row_file::error::{FileError, MAX_ROWS};
use crate::row_file::row::{Columns, RowTexts};

/// Reads a list of objects.
///
/// # Errors
/// Returns [`FileError`] with the line and column of a syntax error, or the number of the row.
pub(super) fn list<T>(
    text: &str,
    columns: &Columns,
    make: impl Fn(&RowTexts<'_>) -> Result<T, (&'static str, String)>,
) -> Result<Vec<T>, FileError> {
    let objects: Vec<Map<String, Json>> = serde_json::from_str(text).map_err(|error| syntax(&error, 0))?;
    if objects.len() > MAX_ROWS {
        return Err(FileError::TooManyRows);
    }
    let row = |(index, object): (usize, &Map<String, Json>)| {
        row(object, columns, &make).map_err(|message| FileError::Row { row: index + 1, message })
    };
    objects.iter().enumerate().map(row).collect()
}

/// Reads one object in each line.
///
/// # Errors
/// Returns [`FileError`] with the line and the column.
pub(super) fn lines<T>(
    text: &str,
    columns: &Columns,
    make: impl Fn(&RowTexts<'_>) -> Result<T, (&'static str, String)>,
) -> Result<Vec<T>, FileError> {
    let mut rows = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        if rows.len() == MAX_ROWS {
            return Err(FileError::TooManyRows);
        }
        let object: Map<String, Json> = serde_json::from_str(line).map_err(|error| syntax(&error, index))?;
        let row = row(&object, columns, &make);
        rows.push(row.map_err(|message| FileError::At { line: index + 1, column: 1, message })?);
    }
    Ok(rows)
}

fn syntax(error: &serde_json::Error, lines_before: usize) -> FileError {
    let message = error.to_string();
    // The library adds the position, which is wrong if it counts from the line.
    let message = message.split(" at line ").next().unwrap_or(&message).to_owned();
    FileError::At { line: error.line().max(1) + lines_before, column: error.column().max(1), message }
}

fn row<T>(
    object: &Map<String, Json>,
    columns: &Columns,
    make: impl Fn(&RowTexts<'_>) -> Result<T, (&'static str, String)>,
) -> Result<T, String> {
    let mut texts: Vec<(String, String)> = Vec::with_capacity(object.len());
    for (name, value) in object {
        let name = name.replace('_', "-");
        if let Some(message) = columns.unknown(&name) {
            return Err(message);
        }
        let text = match value {
            Json::String(text) => text.clone(),
            Json::Null => String::new(),
            other => other.to_string(),
        };
        texts.push((name, text));
    }
    let texts = RowTexts(texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect());
    make(&texts).map_err(|(name, message)| format!("`{name}`: {message}"))
}
