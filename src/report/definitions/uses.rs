//! The flags and segments that use a flag, a segment or an attribute.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Condition, Flag, Project, Segment};

/// A definition that others use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Used<'p> {
    Flag(&'p str),
    Segment(&'p str),
    Attribute(&'p str),
}

/// The flags and segments that name a definition, in any environment.
#[derive(Debug, Clone, Default)]
pub(super) struct Users<'p> {
    pub(super) flags: BTreeSet<&'p str>,
    pub(super) segments: BTreeSet<&'p str>,
}

/// The users of all definitions.
#[derive(Debug, Default)]
pub struct Uses<'p> {
    users: BTreeMap<Used<'p>, Users<'p>>,
}

impl<'p> Uses<'p> {
    /// Reads conditions, prerequisites and units, in every environment.
    pub fn in_project(project: &'p Project) -> Self {
        let mut uses = Self::default();
        for flag in &project.flags {
            for used in used_by_flag(flag) {
                uses.users.entry(used).or_default().flags.insert(&flag.key);
            }
        }
        for segment in &project.segments {
            for used in used_by_segment(segment) {
                uses.users.entry(used).or_default().segments.insert(&segment.name);
            }
        }
        uses
    }

    /// Returns the definitions that name a definition.
    pub(super) fn of(&self, used: Used<'_>) -> Users<'p> {
        self.users.get(&used).cloned().unwrap_or_default()
    }

    /// Returns all flags that depend on a definition, directly or through segments and flags.
    pub(super) fn affected_flags(&self, used: Used<'_>) -> BTreeSet<&'p str> {
        let (mut flags, mut segments) = (BTreeSet::new(), BTreeSet::new());
        let mut pending = vec![self.of(used)];
        while let Some(users) = pending.pop() {
            let new_flags = users.flags.into_iter().filter(|key| flags.insert(*key));
            pending.extend(new_flags.map(|key| self.of(Used::Flag(key))));
            let new_segments = users.segments.into_iter().filter(|name| segments.insert(*name));
            pending.extend(new_segments.map(|name| self.of(Used::Segment(name))));
        }
        flags
    }
}

fn used_by_flag(flag: &Flag) -> Vec<Used<'_>> {
    let mut used = Vec::new();
    for serving in flag.servings() {
        used.extend(serving.unit.as_ref().map(|unit| Used::Attribute(&unit.value)));
        let required = serving.requires.iter().flatten();
        used.extend(required.map(|requirement| Used::Flag(&requirement.flag.value)));
        let units = serving.rules.iter().flatten().filter_map(|rule| rule.unit.as_ref());
        used.extend(units.map(|unit| Used::Attribute(&unit.value)));
    }
    for condition in flag.rule_fields().filter_map(|fields| fields.condition.as_ref()) {
        used_by_condition(&condition.value, &mut used);
    }
    used
}

fn used_by_segment(segment: &Segment) -> Vec<Used<'_>> {
    let mut used = Vec::new();
    if let Some(condition) = &segment.condition {
        used_by_condition(&condition.value, &mut used);
    }
    used
}

fn used_by_condition<'p>(condition: &'p Condition, used: &mut Vec<Used<'p>>) {
    for part in condition.iter() {
        match part {
            Condition::Segment(names) => used.extend(names.iter().map(|name| Used::Segment(&name.value))),
            Condition::Flag(requirements) => {
                used.extend(requirements.iter().map(|requirement| Used::Flag(&requirement.flag.value)));
            }
            Condition::Attribute { name, .. } => used.push(Used::Attribute(&name.value)),
            Condition::All(_) | Condition::Any(_) | Condition::Not(_) => {}
        }
    }
}
