//! The file of a new flag, from answers or as a copy of another flag.

use std::fmt::Write as _;

use jiff::civil::Date;

use crate::edit;
use crate::edit::{Refusal, Step, parse, plain_or_quoted};
use crate::model::OPERATORS_KIND;
use crate::yaml::{Node, Value};

/// The kind of a flag that compares variants.
const EXPERIMENT: &str = "experiment";
/// The kind of a flag that says who may do something.
const PERMISSION: &str = "permission";

/// The fields of a new flag that say what it is for.
#[derive(Debug, Clone, Default)]
pub struct FlagFacts {
    /// `description`
    pub description: Option<String>,
    /// `kind`
    pub kind: Option<String>,
    /// `owner`
    pub owner: Option<String>,
    /// `expires`
    pub expires: Option<Date>,
}

/// The reason why a flag cannot be copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// A field cannot be changed in the text.
    #[error(transparent)]
    Edit(#[from] Refusal),
    /// Only one flag can take a slot.
    #[error("it takes the slot `{0}`, which only one flag can take: write the new flag without `--from`")]
    Slot(String),
}

/// Returns the text of a flag that is off until a person changes it, except for a flag of the kind `ops`, which is on until
/// it is killed.
pub fn flag(facts: &FlagFacts) -> String {
    let kind = facts.kind.as_deref().unwrap_or_default();
    let mut text = String::new();
    let fields = [("description", &facts.description), ("kind", &facts.kind), ("owner", &facts.owner)];
    for (name, value) in fields {
        if let Some(value) = value {
            // A write to a string cannot fail.
            let _ = writeln!(text, "{name}: {}", plain_or_quoted(value));
        }
    }
    if let Some(expires) = facts.expires {
        let _ = writeln!(text, "expires: {expires}");
    }
    text.push_str(match kind {
        EXPERIMENT => {
            "variants: {control: false, treatment: true}
off: control
rules:
  - name: everyone
    rollout: 0%           # the share of users in the experiment
    steps: [10%, 50%, 100%]
    serve: {control: 50%, treatment: 50%}
default: control
"
        }
        OPERATORS_KIND => "variants: {on: true, off: false}\noff: off              # what a kill serves\ndefault: on\n",
        PERMISSION => {
            "variants: {on: true, off: false}\noff: off\ndefault: off          # add a rule for those who may\n"
        }
        _ => {
            "variants: {on: true, off: false}
off: off
rules:
  - name: everyone
    rollout: 0%
    steps: [1%, 10%, 50%, 100%]
    serve: on
default: off
"
        }
    });
    text
}

/// Returns the text of a flag with other facts, and without its `salt`: the new flag selects users of its own.
///
/// # Errors
/// Returns [`CopyError`] if the flag takes a slot, or if its text cannot be changed.
pub fn copied_flag(text: &str, facts: &FlagFacts) -> Result<String, CopyError> {
    let root = parse(text)?;
    if let Some(slot) = slot(&root) {
        return Err(CopyError::Slot(slot));
    }
    let mut text = text.to_owned();
    if root.entry("salt").is_some() {
        text = edit::remove(&text, &[], "salt")?;
    }
    let environments = root.entry("environments").map_or(&[][..], |entry| entry.value.entries());
    for environment in environments.iter().filter(|entry| entry.value.entry("salt").is_some()) {
        text = edit::prune(&text, &[Step::Key("environments"), Step::Key(&environment.key), Step::Key("salt")])?;
    }
    let expires = facts.expires.map(|date| date.to_string());
    let fields =
        [("expires", &expires), ("owner", &facts.owner), ("kind", &facts.kind), ("description", &facts.description)];
    for (name, value) in fields {
        if let Some(value) = value {
            text = edit::put(&text, &[Step::Key(name)], &Value::Text(value.clone()))?;
        }
    }
    Ok(text)
}

/// Returns the facts that a text has.
pub fn written_facts(text: &str) -> FlagFacts {
    let field = |name| match edit::value_at(text, &[Step::Key(name)]) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    };
    FlagFacts {
        description: field("description"),
        kind: field("kind"),
        owner: field("owner"),
        expires: field("expires").and_then(|date| date.parse().ok()),
    }
}

/// Returns the text of a segment with another description and owner.
///
/// # Errors
/// Returns [`CopyError`] if the text cannot be changed.
pub fn copied_segment(text: &str, description: Option<&str>, owner: Option<&str>) -> Result<String, CopyError> {
    let mut text = text.to_owned();
    for (name, value) in [("owner", owner), ("description", description)] {
        if let Some(value) = value {
            text = edit::put(&text, &[Step::Key(name)], &Value::Text(value.to_owned()))?;
        }
    }
    Ok(text)
}

/// Returns the first slot that a rule takes.
fn slot(root: &Node) -> Option<String> {
    let environments = root.entry("environments").map_or(&[][..], |entry| entry.value.entries());
    let servings = std::iter::once(root).chain(environments.iter().map(|entry| &entry.value));
    let rules = servings.filter_map(|serving| match &serving.entry("rules")?.value.value {
        Value::List(rules) => Some(rules),
        _ => None,
    });
    rules.flatten().find_map(|rule| Some(rule.entry("slot")?.value.as_text()?.to_owned()))
}
