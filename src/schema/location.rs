//! Finds a value in a tree by its JSON Pointer.

use crate::snapshot::Span;
use crate::yaml::{Entry, Node, Value};

/// A value in a tree.
pub(super) struct Location<'n> {
    /// The root of the tree.
    pub(super) root: &'n Node,
    pub(super) node: &'n Node,
    /// The mapping entry that contains the value. `None` at the root and in lists.
    pub(super) entry: Option<&'n Entry>,
    /// The number of steps from the root to the node.
    pub(super) depth: usize,
}

impl<'n> Location<'n> {
    /// Follows a JSON Pointer. If a part of the pointer does not exist in the tree, returns the last value before it.
    pub(super) fn find(root: &'n Node, pointer: &str) -> Self {
        let mut location = Self { root, node: root, entry: None, depth: 0 };
        for step in pointer.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            let next = match &location.node.value {
                Value::List(items) => {
                    step.parse().ok().and_then(|index: usize| items.get(index)).map(|node| (node, None))
                }
                _ => location.node.entry(&step).map(|entry| (&entry.value, Some(entry))),
            };
            match next {
                Some((node, entry)) => location = Self { root, node, entry, depth: location.depth + 1 },
                None => break,
            }
        }
        location
    }

    /// Returns the position for a diagnostic about the value. This is the position of the value if it is a scalar, and
    /// otherwise that of its key, because a mapping or list can have many lines and a missing value has no position.
    pub(super) fn span(&self) -> Span {
        let points_to_key = matches!(self.node.value, Value::Map(_) | Value::List(_) | Value::Null);
        match (self.entry, self.node.entries().first()) {
            (Some(entry), _) if points_to_key => entry.key_span,
            (None, Some(first)) => first.key_span,
            _ => self.node.span,
        }
    }
}
