//! Changes of values inside mappings that may not exist yet, or that become empty.

use crate::edit::change::{append, remove, replace};
use crate::edit::document::{mapping, parse};
use crate::edit::path::{Step, node_at, show};
use crate::edit::refusal::Refusal;
use crate::yaml::{Node, Value};

/// Sets the value of a key. Adds the key, and the mappings around it, if the file does not have them.
///
/// # Errors
/// Returns [`Refusal`] if the change cannot be made, or if the check of its result fails.
pub fn put(text: &str, path: &[Step], value: &Value) -> Result<String, Refusal> {
    let root = parse(text)?;
    let present = (0..=path.len()).rev().find(|length| {
        path.get(..*length).and_then(|path| node_at(&root, path)).is_some_and(|node| !matches!(node.value, Value::Null))
    });
    let (present, missing) = path.split_at(present.unwrap_or_default());
    match missing.split_first() {
        None => replace(text, path, value),
        Some((Step::Key(key), inner)) => {
            let wrap = |value: Value, step: &Step<'_>| match step {
                Step::Key(key) => Ok(mapping([((*key).to_owned(), value)])),
                Step::Index(_) => Err(Refusal::Missing(show(path))),
            };
            append(text, present, key, inner.iter().rev().try_fold(value.clone(), wrap)?)
        }
        Some((Step::Index(_), _)) => Err(Refusal::Missing(show(path))),
    }
}

/// Removes a key, and the mappings around it that it leaves empty.
///
/// # Errors
/// Returns [`Refusal`] if the change cannot be made, or if the check of its result fails.
pub fn prune(text: &str, path: &[Step]) -> Result<String, Refusal> {
    let root = parse(text)?;
    let mut path = path;
    while let Some((Step::Key(key), outer)) = path.split_last() {
        let is_only = node_at(&root, outer).is_some_and(|node: &Node| node.entries().len() == 1);
        if !is_only || !matches!(outer.last(), Some(Step::Key(_))) {
            return remove(text, outer, key);
        }
        path = outer;
    }
    Err(Refusal::Missing(show(path)))
}
