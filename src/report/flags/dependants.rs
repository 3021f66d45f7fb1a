//! The flags that have a prerequisite on another flag.

use std::collections::BTreeMap;

use crate::bundle::{Bundle, Condition};
use crate::model::Project;

/// The keys of the flags that require a flag, for each required flag, without repetitions and in the order of their
/// definitions.
#[derive(Debug, Default)]
pub struct Dependants<'f> {
    by_key: BTreeMap<&'f str, Vec<&'f str>>,
}

impl<'f> Dependants<'f> {
    /// Reads the prerequisites of the definitions, in every environment.
    pub fn in_project(project: &'f Project) -> Self {
        let mut dependants = Self::default();
        for flag in &project.flags {
            for required in flag.servings().flat_map(|serving| serving.requires.iter().flatten()) {
                dependants.insert(&required.flag.value, &flag.key);
            }
        }
        dependants
    }

    /// Reads the prerequisites of a bundle's environment.
    pub fn in_bundle(bundle: &'f Bundle) -> Self {
        let mut dependants = Self::default();
        for flag in &bundle.flags {
            for condition in &flag.prerequisites {
                if let Condition::Flag { key, .. } = condition {
                    dependants.insert(&bundle.flag_at(*key).key, &flag.key);
                }
            }
        }
        dependants
    }

    fn insert(&mut self, required: &'f str, dependant: &'f str) {
        let known = self.by_key.entry(required).or_default();
        if known.last() != Some(&dependant) {
            known.push(dependant);
        }
    }

    /// Returns the flags that require a flag.
    pub fn of(&self, key: &str) -> Vec<&'f str> {
        self.by_key.get(key).cloned().unwrap_or_default()
    }
}
