//! The rows of a metrics file in JSON: a list of objects, or one object in each line.

use serde_json::{Map, Value as Json};

use crate::guard::source::file_error::{FileError, MAX_ROWS};
use crate::guard::source::rows::{KEYS, NUMBERS, Row};

/// Reads a list of objects.
///
/// # Errors
/// Returns [`FileError`] with the line and column of a syntax error, or the number of the row.
pub(super) fn list(text: &str) -> Result<Vec<Row>, FileError> {
    let objects: Vec<Map<String, Json>> = serde_json::from_str(text).map_err(|error| syntax(&error, 0))?;
    if objects.len() > MAX_ROWS {
        return Err(FileError::TooManyRows);
    }
    let row = |(index, object): (usize, &Map<String, Json>)| {
        row(object).map_err(|message| FileError::Row { row: index + 1, message })
    };
    objects.iter().enumerate().map(row).collect()
}

/// Reads one object in each line.
///
/// # Errors
/// Returns [`FileError`] with the line and the column.
pub(super) fn lines(text: &str) -> Result<Vec<Row>, FileError> {
    let mut rows = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        if rows.len() == MAX_ROWS {
            return Err(FileError::TooManyRows);
        }
        let object: Map<String, Json> = serde_json::from_str(line).map_err(|error| syntax(&error, index))?;
        rows.push(row(&object).map_err(|message| FileError::At { line: index + 1, column: 1, message })?);
    }
    Ok(rows)
}

fn syntax(error: &serde_json::Error, lines_before: usize) -> FileError {
    let message = error.to_string();
    // The library adds the position, which is wrong if it counts from the line.
    let message = message.split(" at line ").next().unwrap_or(&message).to_owned();
    FileError::At { line: error.line().max(1) + lines_before, column: error.column().max(1), message }
}

fn row(object: &Map<String, Json>) -> Result<Row, String> {
    let text = |name: &str| {
        let value = object.get(name).or_else(|| object.get(&name.replace('-', "_")))?;
        Some(match value {
            Json::String(text) => text.clone(),
            Json::Null => String::new(),
            other => other.to_string(),
        })
    };
    let texts: Vec<(&str, String)> =
        KEYS.into_iter().chain(NUMBERS.map(|(name, _)| name)).filter_map(|name| Some((name, text(name)?))).collect();
    let find = |name: &str| texts.iter().find(|(own, _)| *own == name).map(|(_, text)| text.as_str());
    Row::new(find).map_err(|(name, message)| format!("`{name}`: {message}"))
}
