//! How a scalar is written.

use std::fmt::Write as _;

use crate::edit::{Scalar, read};
use crate::yaml::Value;

/// What the tree will have.
pub(super) fn value(scalar: Scalar) -> Value {
    match scalar {
        Scalar::Text(text) => Value::Text(text.to_owned()),
        Scalar::Boolean(boolean) => Value::Boolean(boolean),
    }
}

/// The scalar in the style of the one that it replaces.
pub(super) fn write(scalar: Scalar, old: &str) -> String {
    match scalar {
        Scalar::Boolean(boolean) => boolean.to_string(),
        Scalar::Text(text) if old.starts_with('"') => double_quoted(text),
        Scalar::Text(text) if old.starts_with('\'') && !text.contains(char::is_control) => single_quoted(text),
        Scalar::Text(text) if may_be_plain(text) => text.to_owned(),
        Scalar::Text(text) => double_quoted(text),
    }
}

/// Whether a text can stand without quotes, in block and in flow style.
///
/// Narrower than YAML: whatever has a meaning of its own anywhere in a line is quoted.
fn may_be_plain(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '@' | '%' | '+' | '-' | ' ');
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && !text.ends_with(' ')
        && text.chars().all(plain)
        && read(text).is_ok_and(|root| root.value == Value::Text(text.to_owned()))
}

fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn double_quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
