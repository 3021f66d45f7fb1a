//! Scalars to write, in the style of the surrounding text.

use std::fmt::Write as _;

use crate::edit::document::parse;
use crate::yaml::Value;

/// A scalar to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalar<'v> {
    /// A text. It is quoted if YAML would read the unquoted text as another type.
    Text(&'v str),
    /// `true` or `false`.
    Boolean(bool),
}

/// Returns the value of the scalar in the tree after the change.
pub(super) fn value(scalar: Scalar) -> Value {
    match scalar {
        Scalar::Text(text) => Value::Text(text.to_owned()),
        Scalar::Boolean(boolean) => Value::Boolean(boolean),
    }
}

impl From<Scalar<'_>> for Value {
    fn from(scalar: Scalar<'_>) -> Self {
        value(scalar)
    }
}

/// Writes the scalar in the style of the replaced scalar. Quoted text keeps its quotes, and plain text stays plain if
/// YAML allows this for the new value.
pub(super) fn write(scalar: Scalar, old: &str) -> String {
    match scalar {
        Scalar::Boolean(boolean) => boolean.to_string(),
        Scalar::Text(text) if old.starts_with('"') => double_quoted(text),
        Scalar::Text(text) if old.starts_with('\'') && !text.contains(char::is_control) => single_quoted(text),
        Scalar::Text(text) if may_be_plain(text) => text.to_owned(),
        Scalar::Text(text) => double_quoted(text),
    }
}

/// Returns a text as YAML reads it back, without quotes where YAML allows this.
pub fn plain_or_quoted(text: &str) -> String {
    write(Scalar::Text(text), "")
}

/// Returns whether a text may be written without quotes, in block style and in flow style.
///
/// This is stricter than YAML: it returns `false` for any text with a character that has a meaning in YAML, at any
/// position.
fn may_be_plain(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '@' | '%' | '+' | '-' | ' ');
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && !text.ends_with(' ')
        && text.chars().all(plain)
        && parse(text).is_ok_and(|root| root.value == Value::Text(text.to_owned()))
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
                // A write to a string cannot fail.
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
