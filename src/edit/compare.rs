//! Comparison of trees: equality without positions, and values that aliases share.

use crate::edit::document::parse;
use crate::edit::path::{Step, show};
use crate::yaml::{Node, Value};

/// Returns whether two texts define the same values, possibly in different layouts. Returns `false` if one of the texts
/// has errors.
pub fn same(left: &str, right: &str) -> bool {
    left == right
        || parse(left).is_ok_and(|left| parse(right).is_ok_and(|right| equal_values(&left.value, &right.value)))
}

/// Returns whether two values are equal apart from their positions, or both missing.
pub fn same_value(left: Option<&Value>, right: Option<&Value>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => equal_values(left, right),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// Returns whether two values are equal apart from their positions. Keys must have the same order, and numbers must
/// have the same notation.
pub(super) fn equal_values(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::List(left), Value::List(right)) => {
            left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| equal_values(&left.value, &right.value))
        }
        (Value::Map(left), Value::Map(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| left.key == right.key && equal_values(&left.value.value, &right.value.value))
        }
        (left, right) => left == right,
    }
}

/// Returns the path of another value that has the same bytes in the text. Such a value exists only if the document uses
/// an alias.
pub(super) fn shared_with<'n>(root: &'n Node, path: &[Step<'n>], node: &Node) -> Option<String> {
    let mut current = Vec::new();
    search(root, node, path, &mut current)
}

fn search<'n>(parent: &'n Node, wanted: &Node, path: &[Step<'n>], current: &mut Vec<Step<'n>>) -> Option<String> {
    if parent.span == wanted.span
        && current != path
        && std::mem::discriminant(&parent.value) == std::mem::discriminant(&wanted.value)
    {
        return Some(show(current));
    }
    let mut descend = |step: Step<'n>, child: &'n Node| {
        current.push(step);
        let found = search(child, wanted, path, current);
        current.pop();
        found
    };
    match &parent.value {
        Value::List(items) => items.iter().enumerate().find_map(|(index, item)| descend(Step::Index(index), item)),
        Value::Map(entries) => entries.iter().find_map(|entry| descend(Step::Key(&entry.key), &entry.value)),
        _ => None,
    }
}
