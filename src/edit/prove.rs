//! Whether two trees say the same, and whether a value stands in more than one place.

use crate::edit::{Step, show};
use crate::yaml::{Node, Value};

/// Whether two values are the same, places aside: keys in the same order, numbers written alike.
pub(super) fn alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| alike(&one.value, &other.value))
        }
        (Value::Map(one), Value::Map(other)) => {
            let pairs = || one.iter().zip(other);
            one.len() == other.len()
                && pairs().all(|(one, other)| one.key == other.key && alike(&one.value.value, &other.value.value))
        }
        (one, other) => one == other,
    }
}

/// Another place that has the same bytes as its value, which only aliases do.
pub(super) fn other<'n>(root: &'n Node, path: &[Step<'n>], node: &Node) -> Option<String> {
    let mut way = Vec::new();
    search(root, node, path, &mut way)
}

fn search<'n>(here: &'n Node, wanted: &Node, path: &[Step<'n>], way: &mut Vec<Step<'n>>) -> Option<String> {
    if here.span == wanted.span
        && way != path
        && std::mem::discriminant(&here.value) == std::mem::discriminant(&wanted.value)
    {
        return Some(show(way));
    }
    let mut step = |step: Step<'n>, child: &'n Node| {
        way.push(step);
        let found = search(child, wanted, path, way);
        way.pop();
        found
    };
    match &here.value {
        Value::List(items) => items.iter().enumerate().find_map(|(index, item)| step(Step::Index(index), item)),
        Value::Map(entries) => entries.iter().find_map(|entry| step(Step::Key(&entry.key), &entry.value)),
        _ => None,
    }
}
