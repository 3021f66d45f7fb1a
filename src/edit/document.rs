//! Parses a text for an edit, and refuses a text that has errors.

use crate::edit::path::{Step, node_at};
use crate::edit::refusal::Refusal;
use crate::snapshot::{File, FileId, Span};
use crate::yaml;
use crate::yaml::{Completeness, Entry, Node, Value};

/// Parses a text to a tree.
///
/// # Errors
/// Returns [`Refusal::Unreadable`] if the text is not valid YAML.
pub fn parse(text: &str) -> Result<Node, Refusal> {
    let file = File::new(String::new(), text.into());
    let document = yaml::parse(FileId(0), &file, &mut Vec::new());
    if document.completeness == Completeness::Complete { Ok(document.root) } else { Err(Refusal::Unreadable) }
}

/// Returns the value at a path, or `None` if the text has errors or has no such value.
pub fn value_at(text: &str, path: &[Step]) -> Option<Value> {
    let root = parse(text).ok()?;
    node_at(&root, path).map(|node| node.value.clone())
}

/// Returns a mapping that is not from a file.
pub fn mapping(pairs: impl IntoIterator<Item = (String, Value)>) -> Value {
    let entry = |(key, value)| Entry { key, key_span: NOWHERE, value: Node { value, span: NOWHERE } };
    Value::Map(pairs.into_iter().map(entry).collect())
}

/// Returns a list that is not from a file.
pub fn list(items: impl IntoIterator<Item = Value>) -> Value {
    Value::List(items.into_iter().map(|value| Node { value, span: NOWHERE }).collect())
}

/// The position of a value that is not from a file.
const NOWHERE: Span = Span { file: FileId(0), start: 0, end: 0 };
