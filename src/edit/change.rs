//! The changes: set a scalar, replace a value, insert a key, remove a key.

use std::ops::Range;

use crate::edit::compare::{equal_values, shared_with};
use crate::edit::document::parse;
use crate::edit::layout;
use crate::edit::lines::{column, is_block, line_break, line_end, line_start, whole_lines};
use crate::edit::path::{Step, child_path, node_at, node_at_mut, show};
use crate::edit::refusal::Refusal;
use crate::edit::scalar;
use crate::edit::scalar::Scalar;
use crate::yaml::{Entry, Node, Value};

/// Replaces a scalar with another scalar. A plain scalar stays plain if YAML allows this for the new value, and a
/// quoted scalar keeps its quotes.
///
/// ```
/// use flagctl::edit::{Scalar, Step, set};
///
/// let text = "rules:\n  - {rollout: '5%', serve: on}   # careful\n";
/// let path = [Step::Key("rules"), Step::Index(0), Step::Key("rollout")];
/// let expected = "rules:\n  - {rollout: '25%', serve: on}   # careful\n";
/// assert_eq!(set(text, &path, Scalar::Text("25%")).unwrap(), expected);
/// ```
///
/// # Errors
/// Returns [`Refusal`] if the change cannot be made, or if the check of its result fails.
pub fn set(text: &str, path: &[Step], value: Scalar) -> Result<String, Refusal> {
    let root = parse(text)?;
    let found = find(&root, path)?;
    if matches!(found.value, Value::List(_) | Value::Map(_)) {
        return Err(Refusal::Collection { path: show(path), found: found.type_name() });
    }
    let new = scalar::value(value);
    if equal_values(&found.value, &new) {
        return Ok(text.to_owned());
    }
    if let Some(other) = shared_with(&root, path, found) {
        return Err(Refusal::Shared { path: show(path), other });
    }
    let span = range(found);
    let old = text.get(span.clone()).unwrap_or_default();
    if is_block(text, span.start) {
        return Err(Refusal::Block(show(path)));
    }
    let written = scalar::write(value, old);
    let result = if span.is_empty() {
        // The parser reports the position of the next token for a missing value.
        let colon = offset_of_missing_value(text, &root, path).ok_or_else(|| Refusal::Unproven(show(path)))?;
        splice(text, colon..colon, &format!(" {written}"))
    } else {
        splice(text, span, &written)
    };
    let mut expected = root;
    if let Some(node) = node_at_mut(&mut expected, path) {
        node.value = new;
    }
    proven(result, &expected, path)
}

/// Adds a key to a mapping, after an existing key.
///
/// In block style, the key is on a new line. In flow style, the key follows a comma.
///
/// # Errors
/// Returns [`Refusal`] if the change cannot be made, or if the check of its result fails.
pub fn insert(
    text: &str,
    mapping: &[Step],
    after: &str,
    key: &str,
    value: impl Into<Value>,
) -> Result<String, Refusal> {
    let root = parse(text)?;
    let found = find(&root, mapping)?;
    let index = found.entries().iter().position(|entry| entry.key == after);
    let index = index.ok_or_else(|| Refusal::Missing(show(&child_path(mapping, after))))?;
    insert_at(text, &root, mapping, index + 1, key, &value.into())
}

/// Adds a key at the end of a mapping, in the style of the mapping.
///
/// # Errors
/// Returns [`Refusal`] if the change cannot be made, or if the check of its result fails.
pub fn append(text: &str, mapping: &[Step], key: &str, value: impl Into<Value>) -> Result<String, Refusal> {
    let root = parse(text)?;
    let length = find(&root, mapping)?.entries().len();
    insert_at(text, &root, mapping, length, key, &value.into())
}

/// Replaces a value of any type with a value of any type. A collection in block style is replaced in block style.
///
/// # Errors
/// Returns [`Refusal`] if the change cannot be made, or if the check of its result fails.
pub fn replace(text: &str, path: &[Step], value: &Value) -> Result<String, Refusal> {
    let root = parse(text)?;
    let found = find(&root, path)?;
    if equal_values(&found.value, value) {
        return Ok(text.to_owned());
    }
    let is_collection = |value: &Value| matches!(value, Value::List(_) | Value::Map(_));
    match value {
        Value::Text(new) if !is_collection(&found.value) => return set(text, path, Scalar::Text(new)),
        Value::Boolean(new) if !is_collection(&found.value) => return set(text, path, Scalar::Boolean(*new)),
        _ => {}
    }
    let Some((Step::Key(key), mapping)) = path.split_last() else { return Err(Refusal::Unproven(show(path))) };
    let entries = find(&root, mapping)?.entries();
    let index = entries.iter().position(|entry| entry.key == *key).unwrap_or_default();
    if let Some(other) = shared_with(&root, path, found) {
        return Err(Refusal::Shared { path: show(path), other });
    }
    let span = range(found);
    let starts_below = text.get(..span.start).is_some_and(|before| line_start(before, before.len()) > 0)
        && entries
            .get(index)
            .is_some_and(|entry| line_start(text, entry.key_span.start as usize) != line_start(text, span.start));
    let written = if starts_below && is_collection(value) {
        layout::block(value, column(text, span.start), line_break(text, span.start))
    } else {
        layout::flow(value)
    };
    let mut expected = root.clone();
    if let Some(node) = node_at_mut(&mut expected, path) {
        node.value = value.clone();
    }
    proven(splice(text, span, &written), &expected, path)
}

fn insert_at(
    text: &str,
    root: &Node,
    mapping: &[Step],
    index: usize,
    key: &str,
    value: &Value,
) -> Result<String, Refusal> {
    let found = find(root, mapping)?;
    let path = child_path(mapping, key);
    if found.entry(key).is_some() {
        return Err(Refusal::Present(show(&path)));
    }
    if let Some(other) = shared_with(root, mapping, found) {
        return Err(Refusal::Shared { path: show(mapping), other });
    }
    let before = index.checked_sub(1).and_then(|before| found.entries().get(before));
    let flow_pair = || format!("{}: {}", scalar::write(Scalar::Text(key), ""), layout::flow(value));
    let result = match (before, found.entries().first()) {
        (Some(before), _) if is_flow(text, found) => {
            let end = entry_end(before);
            splice(text, end..end, &format!(", {}", flow_pair()))
        }
        (Some(before), Some(first)) => {
            let end = line_end(text, entry_end(before));
            let column = column(text, first.key_span.start as usize);
            let line_break = line_break(text, end);
            let pair = layout::block_pair(key, value, column, line_break);
            splice(text, end..end, &format!("{line_break}{}{pair}", " ".repeat(column)))
        }
        _ if is_flow(text, found) => {
            let start = found.span.start as usize + 1;
            splice(text, start..start, &flow_pair())
        }
        _ => return Err(Refusal::Unproven(show(&path))),
    };
    let mut expected = root.clone();
    if let Some(Node { value: Value::Map(entries), span }) = node_at_mut(&mut expected, mapping) {
        let node = Node { value: value.clone(), span: *span };
        entries.insert(index, Entry { key: key.to_owned(), key_span: *span, value: node });
    }
    proven(result, &expected, &path)
}

/// Removes a key from a mapping, with its value and the comment on its last line.
///
/// # Errors
/// Returns [`Refusal`] if the change cannot be made, or if the check of its result fails.
pub fn remove(text: &str, mapping: &[Step], key: &str) -> Result<String, Refusal> {
    let root = parse(text)?;
    let found = find(&root, mapping)?;
    let path = child_path(mapping, key);
    let entries = found.entries();
    let index = entries.iter().position(|entry| entry.key == key);
    let Some((index, entry)) = index.and_then(|index| Some((index, entries.get(index)?))) else {
        return Err(Refusal::Missing(show(&path)));
    };
    if let Some(other) = shared_with(&root, mapping, found) {
        return Err(Refusal::Shared { path: show(mapping), other });
    }
    let (start, end) = (entry.key_span.start as usize, entry_end(entry));
    let before = index.checked_sub(1).and_then(|before| entries.get(before)).map(entry_end);
    let next = entries.get(index + 1).map(|next| next.key_span.start as usize);
    let starts_its_line = text.get(line_start(text, start)..start).is_some_and(|indent| indent.trim().is_empty());
    let by_lines = starts_its_line && !is_flow(text, found);
    let cut = match (next, before) {
        _ if by_lines => whole_lines(text, start, end),
        (Some(next), _) => start..next,
        (None, Some(before)) => before..end,
        (None, None) => start..end,
    };
    // A comment on a removed line belongs to the entry and is removed with it. A comment between two entries is kept.
    if !by_lines && text.get(cut.clone()).unwrap_or_default().contains('#') {
        return Err(Refusal::Unproven(show(&path)));
    }
    let mut expected = root.clone();
    if let Some(Node { value: Value::Map(entries), .. }) = node_at_mut(&mut expected, mapping) {
        entries.remove(index);
    }
    proven(splice(text, cut, ""), &expected, &path)
}

pub(super) fn proven(result: String, expected: &Node, path: &[Step]) -> Result<String, Refusal> {
    let is_as_expected = parse(&result).is_ok_and(|root| equal_values(&root.value, &expected.value));
    if is_as_expected { Ok(result) } else { Err(Refusal::Unproven(show(path))) }
}

pub(super) fn find<'n>(root: &'n Node, path: &[Step]) -> Result<&'n Node, Refusal> {
    node_at(root, path).ok_or_else(|| Refusal::Missing(show(path)))
}

pub(super) fn splice(text: &str, range: Range<usize>, new: &str) -> String {
    let before = text.get(..range.start).unwrap_or_default();
    let after = text.get(range.end..).unwrap_or_default();
    [before, new, after].concat()
}

fn range(node: &Node) -> Range<usize> {
    node.span.start as usize..node.span.end as usize
}

/// Returns the offset at which an entry ends. The value of an alias has another position in the text.
fn entry_end(entry: &Entry) -> usize {
    let value_follows_key = entry.value.span.start >= entry.key_span.end;
    (if value_follows_key { entry.value.span.end } else { entry.key_span.end }) as usize
}

fn is_flow(text: &str, mapping: &Node) -> bool {
    text.as_bytes().get(mapping.span.start as usize) == Some(&b'{')
}

/// Returns the offset after the colon of a key without a value, if the colon is on the line of the key.
fn offset_of_missing_value(text: &str, root: &Node, path: &[Step]) -> Option<usize> {
    let (Step::Key(key), mapping) = path.split_last()? else { return None };
    let end = node_at(root, mapping)?.entry(key)?.key_span.end as usize;
    let rest = text.get(end..)?;
    let spaces = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    rest.get(spaces..)?.starts_with(':').then_some(end + spaces + 1)
}
