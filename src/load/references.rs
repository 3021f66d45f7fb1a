//! Finds the flags, segments and layers that definitions refer to by name.

use crate::model;
use crate::model::{Condition, EffectiveServing, FLAGS, Flag, LAYERS, SEGMENTS};

/// A flag, segment or layer by its folder and its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reference {
    /// The folder: [`FLAGS`], [`SEGMENTS`] or [`LAYERS`].
    pub(super) folder: &'static str,
    pub(super) name: String,
}

impl Reference {
    pub(super) fn flag(key: &str) -> Self {
        Self { folder: FLAGS, name: key.to_owned() }
    }

    pub(super) fn segment(name: &str) -> Self {
        Self { folder: SEGMENTS, name: name.to_owned() }
    }

    pub(super) fn layer(name: &str) -> Self {
        Self { folder: LAYERS, name: name.to_owned() }
    }

    /// Returns the name of the file with the definition, or `None` if no definition can have this name.
    pub(super) fn file_name(&self) -> Option<String> {
        match self.folder {
            FLAGS => model::flag_file_name(&self.name),
            _ => model::is_name(&self.name).then(|| format!("{}.yaml", self.name)),
        }
    }
}

/// Adds the flags and segments that a condition mentions.
pub(super) fn of_condition(condition: &Condition, references: &mut Vec<Reference>) {
    for part in condition.iter() {
        match part {
            Condition::Segment(names) => {
                references.extend(names.iter().map(|name| Reference::segment(&name.value)));
            }
            Condition::Flag(requirements) => {
                references.extend(requirements.iter().map(|requirement| Reference::flag(&requirement.flag.value)));
            }
            Condition::All(_) | Condition::Any(_) | Condition::Not(_) | Condition::Attribute { .. } => {}
        }
    }
}

/// Adds the flags, segments and layers that a flag refers to in one environment.
pub(super) fn of_serving(serving: &EffectiveServing<'_>, references: &mut Vec<Reference>) {
    references.extend(serving.requires.iter().map(|requirement| Reference::flag(&requirement.flag.value)));
    let slots = serving.rules.iter().filter_map(|rule| rule.written.slot.as_ref());
    references.extend(slots.map(|slot| Reference::layer(&slot.value.layer)));
    for condition in serving.rules.iter().filter_map(|rule| rule.condition) {
        of_condition(&condition.value, references);
    }
}

/// Adds the flags, segments and layers that a flag or its shadow refers to in any environment.
pub(super) fn of_flag(flag: &Flag, references: &mut Vec<Reference>) {
    for serving in flag.servings() {
        let requirements = serving.requires.iter().flatten();
        references.extend(requirements.map(|requirement| Reference::flag(&requirement.flag.value)));
    }
    let slots = flag.all_rules().filter_map(|rule| rule.slot.as_ref());
    references.extend(slots.map(|slot| Reference::layer(&slot.value.layer)));
    let in_rules = flag.rule_fields().filter_map(|fields| fields.condition.as_ref());
    let in_shadow = flag.shadow.iter().filter_map(|shadow| shadow.condition.as_ref());
    for condition in in_rules.chain(in_shadow) {
        of_condition(&condition.value, references);
    }
}
