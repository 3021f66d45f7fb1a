//! Values to write as new text, in flow style or in block style.
//!
//! A collection of scalars is written in flow style, because one line is easier to review. Any other collection is
//! written in block style if the text around it is in block style.

use crate::edit::scalar;
use crate::edit::scalar::Scalar;
use crate::yaml::{Entry, Node, Value};

/// Returns a value in flow style: `{rollout: 50%}`.
pub(super) fn flow(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Boolean(boolean) => boolean.to_string(),
        Value::Number(_, written) => written.to_string(),
        Value::Text(text) => scalar::write(Scalar::Text(text), ""),
        Value::List(items) => {
            format!("[{}]", items.iter().map(|item| flow(&item.value)).collect::<Vec<_>>().join(", "))
        }
        Value::Map(entries) => {
            let pair = |entry: &Entry| format!("{}: {}", key(&entry.key), flow(&entry.value.value));
            format!("{{{}}}", entries.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
    }
}

/// Returns a key and its value for a mapping in block style whose keys begin at `column`.
pub(super) fn block_pair(name: &str, value: &Value, column: usize, line_break: &str) -> String {
    let below = |column: usize, text: String| format!("{}:{line_break}{}{text}", key(name), " ".repeat(column));
    match value {
        value if is_one_line(value) => format!("{}: {}", key(name), flow(value)),
        value => below(column + 2, block(value, column + 2, line_break)),
    }
}

/// Returns a collection in block style. Its first line begins at `column`, where the text is inserted.
pub(super) fn block(value: &Value, column: usize, line_break: &str) -> String {
    let separator = format!("{line_break}{}", " ".repeat(column));
    match value {
        Value::List(items) if !is_one_line(value) => {
            let item = |item: &Node| format!("- {}", block(&item.value, column + 2, line_break));
            items.iter().map(item).collect::<Vec<_>>().join(&separator)
        }
        Value::Map(entries) if !is_one_line(value) => {
            let pair = |entry: &Entry| block_pair(&entry.key, &entry.value.value, column, line_break);
            entries.iter().map(pair).collect::<Vec<_>>().join(&separator)
        }
        value => flow(value),
    }
}

fn key(name: &str) -> String {
    scalar::write(Scalar::Text(name), "")
}

/// Returns whether a value is a scalar, or a collection that has only scalars.
fn is_one_line(value: &Value) -> bool {
    let is_scalar = |node: &Node| !matches!(node.value, Value::List(_) | Value::Map(_));
    match value {
        Value::List(items) => items.iter().all(is_scalar),
        Value::Map(entries) => entries.iter().all(|entry| is_scalar(&entry.value)),
        Value::Null | Value::Boolean(_) | Value::Number(..) | Value::Text(_) => true,
    }
}
