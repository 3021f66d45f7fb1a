//! JSON for files that people read. A value is on one line if it fits.
//!
//! `serde_json`'s `Formatter` cannot do this, because it writes a value before it knows how long the value is.

use serde_json::Value as Json;

/// The maximum width of a line, in characters.
const WIDTH: usize = 110;
/// The maximum number of values in a list that has one value on each line. A longer list without lists and objects has
/// several values on each line.
const ROW: usize = 8;

/// Returns the value as JSON, with a line break at its end.
pub fn fitted(json: &Json) -> String {
    let mut text = String::new();
    write(json, 0, 0, &mut text);
    text.push('\n');
    text
}

/// Writes a value. `used` is the number of characters that the line already has, including the indentation.
fn write(json: &Json, indent: usize, used: usize, text: &mut String) {
    let line = line(json);
    // The width reserves one character, because a comma may follow.
    let fits = used + line.chars().count() < WIDTH;
    match json {
        Json::Array(items)
            if !fits && items.len() > ROW && !items.iter().any(|item| item.is_array() || item.is_object()) =>
        {
            write_rows(items, indent, text);
        }
        Json::Array(items) if !fits => {
            let parts = items.iter().map(|item| (String::new(), item));
            write_parts(('[', ']'), parts, indent, text);
        }
        Json::Object(fields) if !fits => {
            let parts = fields.iter().map(|(key, value)| (format!("{}: ", quoted(key)), value));
            write_parts(('{', '}'), parts, indent, text);
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) | Json::Object(_) => {
            text.push_str(&line)
        }
    }
}

/// Writes the items of a list or the fields of an object, one on each line.
fn write_parts<'j>(
    brackets: (char, char),
    parts: impl Iterator<Item = (String, &'j Json)>,
    indent: usize,
    text: &mut String,
) {
    let inner = indent + 2;
    text.push(brackets.0);
    let mut separator = "";
    for (key, value) in parts {
        text.push_str(separator);
        separator = ",";
        text.push('\n');
        text.push_str(&" ".repeat(inner));
        text.push_str(&key);
        write(value, inner, inner + key.chars().count(), text);
    }
    text.push('\n');
    text.push_str(&" ".repeat(indent));
    text.push(brackets.1);
}

/// Writes the items of a list in rows.
fn write_rows(items: &[Json], indent: usize, text: &mut String) {
    let margin = format!("\n{}", " ".repeat(indent + 2));
    text.push('[');
    let mut used = WIDTH;
    for (index, item) in items.iter().enumerate() {
        let item = line(item);
        if used + item.chars().count() + 2 > WIDTH {
            text.push_str(if index == 0 { "" } else { "," });
            text.push_str(&margin);
            used = indent + 2;
        } else {
            text.push_str(", ");
            used += 2;
        }
        used += item.chars().count();
        text.push_str(&item);
    }
    text.push('\n');
    text.push_str(&" ".repeat(indent));
    text.push(']');
}

/// Returns a value on one line, with a space after each comma and colon.
fn line(json: &Json) -> String {
    match json {
        Json::Array(items) => format!("[{}]", items.iter().map(line).collect::<Vec<_>>().join(", ")),
        Json::Object(fields) => {
            let field = |(key, value): (&String, &Json)| format!("{}: {}", quoted(key), line(value));
            format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => json.to_string(),
    }
}

/// Returns a key as a JSON string.
fn quoted(key: &str) -> String {
    Json::String(key.to_owned()).to_string()
}
