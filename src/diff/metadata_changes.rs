//! Compares the fields of a flag that do not affect decisions.
//!
//! The input is the definition of a flag before and after a change, as it applies in one environment. The output is a
//! [`MetadataChange`] for each field that differs, in the order of the documentation. A list is described by the entries
//! that were added and removed, as lists in conditions are.

use serde_json::Value as Json;

use crate::diff::compared_definitions::ComparedDefinitions;
use crate::diff::definition_changes::Shift;
use crate::model::{EnvironmentNames, Flag};
use crate::snapshot::Spanned;

/// A field that differs and does not affect decisions.
#[derive(Debug, Clone, PartialEq)]
pub enum MetadataChange {
    /// A field with one value, which is `None` if the flag does not have the field.
    Field(&'static str, Option<Json>, Option<Json>),
    /// A field with a list or a mapping.
    List(&'static str, Shift),
    /// The steps of the rule with this name.
    Steps(String, Shift),
}

/// Returns the differences of a flag that both sides define, as it is written for an environment.
pub fn compare_metadata(definitions: [&ComparedDefinitions; 2], key: &str, environment: &str) -> Vec<MetadataChange> {
    let names = definitions.map(|side| side.loaded.project.settings.names_of(environment));
    match definitions.map(|side| side.flag(key)) {
        [Some(old), Some(new)] => metadata_changes([old, new], names.each_ref()),
        [None, _] | [_, None] => Vec::new(),
    }
}

/// Returns the differences between two definitions of a flag. `names` is the environment on each side.
fn metadata_changes(flags: [&Flag; 2], names: [&EnvironmentNames<'_>; 2]) -> Vec<MetadataChange> {
    let [old, new] = flags;
    let field = |name, value: fn(&Flag) -> Option<Json>| {
        let (from, to) = (value(old), value(new));
        (from != to).then_some(MetadataChange::Field(name, from, to))
    };
    let list = |name, entries: fn(&Flag) -> Vec<String>| {
        Shift::of_values([&entries(old), &entries(new)]).map(|shift| MetadataChange::List(name, shift))
    };
    let changes = [
        field("description", |flag| text(flag.description.as_ref())),
        field("kind", |flag| Some(flag.kind().into())),
        field("owner", |flag| text(flag.owner.as_ref())),
        field("expires", |flag| flag.expires.as_ref().map(|day| day.value.to_string().into())),
        list("links", |flag| flag.links.iter().map(link).collect()),
        list("tags", |flag| flag.tags.iter().map(|tag| tag.value.clone()).collect()),
        list("metadata", |flag| {
            flag.metadata.iter().map(|(key, value)| format!("{}: {}", key.value, value.to_json())).collect()
        }),
        field("schema", |flag| text(flag.schema.as_ref())),
        list("criteria", |flag| flag.shadowed.as_ref().map_or_else(Vec::new, |shadowed| shadowed.criteria.described())),
    ];
    let mut changes: Vec<MetadataChange> = changes.into_iter().flatten().collect();
    if new.shadowed.is_some() {
        // The other fields are those of the flag to which the shadow belongs.
        changes.retain(|change| matches!(change, MetadataChange::List("metadata" | "criteria", _)));
    }
    let [old_serving, new_serving] = [old.serving(names[0]), new.serving(names[1])];
    for rule in &new_serving.rules {
        let Some(before) = old_serving.rules.iter().find(|before| before.name() == rule.name()) else { continue };
        let [from, to] = [before.steps, rule.steps]
            .map(|steps| steps.iter().map(|step| step.value.to_string()).collect::<Vec<String>>());
        changes.extend(Shift::of_values([&from, &to]).map(|shift| MetadataChange::Steps(rule.name(), shift)));
    }
    changes
}

fn text(field: Option<&Spanned<String>>) -> Option<Json> {
    field.map(|field| field.value.clone().into())
}

fn link(link: &crate::model::Link) -> String {
    link.title.as_ref().map_or_else(|| link.url.value.clone(), |title| format!("{} ({})", title.value, link.url.value))
}
