//! Changes of lists.

use crate::edit::change::{find, proven, splice};
use crate::edit::compare::shared_with;
use crate::edit::document::parse;
use crate::edit::lines::{column, line_break, line_end, line_start};
use crate::edit::path::{Step, node_at_mut, show};
use crate::edit::refusal::Refusal;
use crate::edit::scalar::plain_or_quoted;
use crate::yaml::{Node, Value};

/// Inserts a text into a list that has at least one item, in the style of the list. The comments of the other items stay
/// where they are.
///
/// # Errors
/// Returns [`Refusal`] if the change cannot be made, or if the check of its result fails.
pub fn insert_item(text: &str, list: &[Step], index: usize, item: &str) -> Result<String, Refusal> {
    let root = parse(text)?;
    let found = find(&root, list)?;
    let Value::List(items) = &found.value else { return Err(Refusal::Unproven(show(list))) };
    if let Some(other) = shared_with(&root, list, found) {
        return Err(Refusal::Shared { path: show(list), other });
    }
    let index = index.min(items.len());
    let before = index.checked_sub(1).and_then(|before| items.get(before));
    let written = plain_or_quoted(item);
    let is_flow = text.as_bytes().get(found.span.start as usize) == Some(&b'[');
    let result = match (before, items.first()) {
        (Some(before), _) if is_flow => insert_at(text, before.span.end as usize, &format!(", {written}")),
        (None, Some(first)) if is_flow => insert_at(text, first.span.start as usize, &format!("{written}, ")),
        (Some(before), Some(first)) => {
            let end = line_end(text, before.span.end as usize);
            let dash = dash_column(text, first).ok_or_else(|| Refusal::Unproven(show(list)))?;
            insert_at(text, end, &format!("{}{}- {written}", line_break(text, end), " ".repeat(dash)))
        }
        (None, Some(first)) => {
            let start = line_start(text, first.span.start as usize);
            let dash = dash_column(text, first).ok_or_else(|| Refusal::Unproven(show(list)))?;
            insert_at(text, start, &format!("{}- {written}{}", " ".repeat(dash), line_break(text, start)))
        }
        (_, None) => return Err(Refusal::Unproven(show(list))),
    };
    let mut expected = root.clone();
    if let Some(Node { value: Value::List(items), span }) = node_at_mut(&mut expected, list) {
        items.insert(index, Node { value: Value::Text(item.to_owned()), span: *span });
    }
    proven(result, &expected, list)
}

fn insert_at(text: &str, offset: usize, new: &str) -> String {
    splice(text, offset..offset, new)
}

/// Returns the column of the dash before an item in block style, if the dash begins the line of the item.
fn dash_column(text: &str, item: &Node) -> Option<usize> {
    let start = item.span.start as usize;
    let before = text.get(line_start(text, start)..start)?;
    before.trim().eq("-").then(|| column(text, line_start(text, start) + before.find('-').unwrap_or_default()))
}
