//! Replacements of ranges of bytes in a text.

use crate::edit::change::remove;
use crate::edit::document::parse;
use crate::edit::lines::is_block;
use crate::edit::path::Step;
use crate::edit::scalar;
use crate::edit::scalar::Scalar;
use crate::snapshot::{Replacement, Span};
use crate::yaml::{Node, Value};

/// Returns the text of a scalar with another value, in the style of the scalar. Returns `None` if the scalar is a block of
/// lines, after `|` or `>`.
pub fn rewritten(text: &str, scalar: Span, value: &str) -> Option<String> {
    let old = text.get(scalar.start as usize..scalar.end as usize)?;
    (!is_block(text, scalar.start as usize)).then(|| scalar::write(Scalar::Text(value), old))
}

/// Applies replacements to the text of their file. They do not overlap; one that does is left out.
pub fn apply<'r>(text: &str, replacements: impl IntoIterator<Item = &'r Replacement>) -> String {
    let mut sorted: Vec<_> = replacements.into_iter().collect();
    sorted.sort();
    sorted.dedup();
    let (mut result, mut end) = (String::with_capacity(text.len()), 0);
    for replacement in sorted {
        let range = replacement.span.start as usize..replacement.span.end as usize;
        if range.start < end || text.get(range.clone()).is_none() {
            continue;
        }
        result.push_str(text.get(end..range.start).unwrap_or_default());
        result.push_str(&replacement.text);
        end = range.end;
    }
    result.push_str(text.get(end..).unwrap_or_default());
    result
}

/// Returns the text without the entry of a mapping whose key begins at an offset. Returns `None` if no key begins there, or
/// if the entry cannot be removed.
pub fn without_entry(text: &str, key: u32) -> Option<String> {
    let root = parse(text).ok()?;
    let mut path = Vec::new();
    let name = path_of_key(&root, key, &mut path)?;
    remove(text, &path, name).ok()
}

/// Adds the path of the mapping with the key that begins at an offset, and returns the key.
fn path_of_key<'n>(node: &'n Node, key: u32, path: &mut Vec<Step<'n>>) -> Option<&'n str> {
    let mut below = |step: Step<'n>, child: &'n Node| {
        path.push(step);
        let found = path_of_key(child, key, path);
        if found.is_none() {
            path.pop();
        }
        found
    };
    match &node.value {
        Value::Map(entries) => match entries.iter().find(|entry| entry.key_span.start == key) {
            Some(entry) => Some(&entry.key),
            None => entries.iter().find_map(|entry| below(Step::Key(&entry.key), &entry.value)),
        },
        Value::List(items) => items.iter().enumerate().find_map(|(index, item)| below(Step::Index(index), item)),
        Value::Null | Value::Boolean(_) | Value::Number(..) | Value::Text(_) => None,
    }
}
