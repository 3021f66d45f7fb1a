//! Paths to values inside a YAML document.

use std::fmt;

use crate::yaml::{Node, Value};

/// One step on the path from a value to a value inside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'p> {
    /// A step to the value of a mapping's key.
    Key(&'p str),
    /// A step to the item of a list with this index, which starts at zero.
    Index(usize),
}

/// Returns the value at a path.
pub fn node_at<'n>(root: &'n Node, path: &[Step]) -> Option<&'n Node> {
    path.iter().try_fold(root, |node, step| match (step, &node.value) {
        (Step::Key(key), _) => node.entry(key).map(|entry| &entry.value),
        (Step::Index(index), Value::List(items)) => items.get(*index),
        _ => None,
    })
}

pub(super) fn node_at_mut<'n>(root: &'n mut Node, path: &[Step]) -> Option<&'n mut Node> {
    path.iter().try_fold(root, |node, step| match (step, &mut node.value) {
        (Step::Key(key), Value::Map(entries)) => {
            entries.iter_mut().find(|entry| entry.key == *key).map(|entry| &mut entry.value)
        }
        (Step::Index(index), Value::List(items)) => items.get_mut(*index),
        _ => None,
    })
}

pub(super) fn child_path<'p>(mapping: &[Step<'p>], key: &'p str) -> Vec<Step<'p>> {
    mapping.iter().copied().chain([Step::Key(key)]).collect()
}

/// Returns a path in the notation of messages: `rules[0].rollout`.
pub(super) fn show(path: &[Step]) -> String {
    struct Path<'p>(&'p [Step<'p>]);
    impl fmt::Display for Path<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            for (index, step) in self.0.iter().enumerate() {
                match step {
                    Step::Key(key) if index == 0 => write!(f, "{key}")?,
                    Step::Key(key) => write!(f, ".{key}")?,
                    Step::Index(item) => write!(f, "[{item}]")?,
                }
            }
            Ok(())
        }
    }
    Path(path).to_string()
}
