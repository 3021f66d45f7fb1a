//! A new environment in the files that exist.

use crate::edit;
use crate::edit::{Refusal, Step, insert_item, parse};
use crate::yaml::{Node, Value};

/// Where a new environment is in the order of promotion.
#[derive(Debug, Clone, Copy)]
pub enum Position<'e> {
    /// Directly before an environment.
    Before(&'e str),
    /// Directly after an environment.
    After(&'e str),
    /// After all others.
    Last,
}

/// Adds an environment to the text of `flagctl.yaml`. With `like`, it becomes a member of the groups of that environment, and
/// gets its policy.
///
/// # Errors
/// Returns [`Refusal`] if the text cannot be changed.
pub fn project_with_environment(
    text: &str,
    name: &str,
    position: Position<'_>,
    like: Option<&str>,
) -> Result<String, Refusal> {
    let root = parse(text)?;
    let environments = [Step::Key("environments")];
    let names = texts(root.entry("environments").map(|entry| &entry.value));
    let index_of = |wanted: &str| names.iter().position(|name| *name == wanted);
    let index = match position {
        Position::Before(other) => index_of(other),
        Position::After(other) => index_of(other).map(|index| index + 1),
        Position::Last => None,
    };
    let mut changed = insert_item(text, &environments, index.unwrap_or(names.len()), name)?;
    let Some(like) = like else { return Ok(changed) };
    for group in root.entry("groups").map_or(&[][..], |entry| entry.value.entries()) {
        let members = texts(Some(&group.value));
        if let Some(index) = members.iter().position(|member| *member == like) {
            changed = insert_item(&changed, &[Step::Key("groups"), Step::Key(&group.key)], index + 1, name)?;
        }
    }
    with_copy(&changed, &root, &[Step::Key("policy")], like, name)
}

/// Gives an environment the fields that another environment has in the text of a flag, and returns the text.
///
/// # Errors
/// Returns [`Refusal`] if the text cannot be changed.
pub fn flag_with_environment(text: &str, name: &str, like: &str) -> Result<String, Refusal> {
    let root = parse(text)?;
    let mut changed = with_copy(text, &root, &[Step::Key("environments")], like, name)?;
    let Some(Value::List(rules)) = root.entry("rules").map(|entry| &entry.value.value) else { return Ok(changed) };
    for index in 0..rules.len() {
        let path = [Step::Key("rules"), Step::Index(index), Step::Key("environments")];
        changed = with_copy(&changed, &root, &path, like, name)?;
    }
    Ok(changed)
}

/// Copies the value of one key of a mapping to another key, if it is there.
fn with_copy(text: &str, root: &Node, mapping: &[Step<'_>], from: &str, to: &str) -> Result<String, Refusal> {
    let Some(node) = edit::node_at(root, mapping) else { return Ok(text.to_owned()) };
    match node.entry(from) {
        Some(entry) if node.entry(to).is_none() => edit::insert(text, mapping, from, to, entry.value.value.clone()),
        _ => Ok(text.to_owned()),
    }
}

fn texts(list: Option<&Node>) -> Vec<&str> {
    match list.map(|list| &list.value) {
        Some(Value::List(items)) => items.iter().filter_map(Node::as_text).collect(),
        _ => Vec::new(),
    }
}
