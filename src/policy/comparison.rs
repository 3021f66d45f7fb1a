//! The comparison of a base with the state after a change, in the environments that have a policy.

use std::collections::{BTreeMap, BTreeSet};

use crate::analyze::{AnalysisError, Budget, Definition, Side, changes};
use crate::diff::{ComparedDefinitions, FlagEvent, Impact, ImpactVerdict, affected_flags, impacts};
use crate::git::Revision;
use crate::policy::error::PolicyError;
use crate::policy::identity::renamed_flags;
use crate::source::Source;

/// A base and the state after a change.
#[derive(Debug)]
pub struct PolicyComparison {
    /// The base.
    pub base: Revision,
    /// The definitions of the base that the changed flags need, and the settings with the policy.
    pub before: ComparedDefinitions,
    /// The definitions after the change.
    pub after: ComparedDefinitions,
    /// The state after the change.
    pub after_revision: Revision,
    /// The flags that the change affects, in each environment with a policy.
    pub changes: Vec<FlagChange>,
}

/// The change of a flag in an environment.
#[derive(Debug)]
pub struct FlagChange {
    /// The impact. Its key is that after the change.
    pub impact: Impact,
    /// The key at the base, if the flag was renamed.
    pub former_key: Option<String>,
}

impl FlagChange {
    /// Returns the key at the base.
    pub fn base_key(&self) -> &str {
        self.former_key.as_deref().unwrap_or(&self.impact.flag)
    }
}

impl PolicyComparison {
    /// Compares two states. The comparison has no changes if the base has no policy.
    ///
    /// # Errors
    /// Returns [`PolicyError`] if a state cannot be read, or if the settings of the base have an error.
    pub fn new(base: &Revision, after: &Revision, budget: &Budget) -> Result<Self, PolicyError> {
        let sources = [base, after].map(|revision| Source::Revision(revision.clone()));
        let [old, new] = &sources;
        let mut keys = affected_flags(base, new)?;
        let list: Vec<String> = keys.iter().cloned().collect();
        let before = ComparedDefinitions::read(old, &list, &[])?;
        let after_definitions = ComparedDefinitions::read(new, &list, &[])?;
        let settings = &before.loaded.project.settings;
        if let Some(problem) = before.settings_error() {
            return Err(PolicyError::Settings { base: base.name().to_owned(), problem: problem.to_owned() });
        }
        let has_policy = |name: &&str| settings.policy_of(name, "").is_some();
        let environments: Vec<&str> = settings.environment_names().filter(has_policy).collect();
        let mut found = Vec::new();
        if !environments.is_empty() {
            let both = [&before, &after_definitions];
            let renamed = renamed_flags([base, after], both, &keys)?;
            let former: BTreeSet<&String> = renamed.values().collect();
            keys.retain(|key| !renamed.contains_key(key) && !former.contains(key));
            for impact in impacts(&before, &after_definitions, &keys, &environments, budget)? {
                found.push(FlagChange { impact, former_key: None });
            }
            found.extend(renames(both, &renamed, &environments, budget)?);
            found.retain(|change| change.impact.matters());
            found.sort_by(|a, b| a.impact.flag.cmp(&b.impact.flag));
        }
        let (base, after_revision) = (base.clone(), after.clone());
        Ok(Self { base, before, after: after_definitions, after_revision, changes: found })
    }
}

/// Returns the changes of renamed flags.
fn renames(
    [before, after]: [&ComparedDefinitions; 2],
    renamed: &BTreeMap<String, String>,
    environments: &[&str],
    budget: &Budget,
) -> Result<Vec<FlagChange>, AnalysisError> {
    let mut found = Vec::new();
    for (key, former) in renamed {
        for environment in environments {
            let [old, new] = [before.bundle(environment), after.bundle(environment)];
            let verdict = match (Definition::find(old, former), Definition::find(new, key)) {
                (Some(old), Some(new)) => match changes(old, new, budget) {
                    Ok(regions) => ImpactVerdict::Known(regions),
                    Err(AnalysisError::Exhausted(excess)) => ImpactVerdict::Unknown(excess),
                    Err(error) => return Err(error),
                },
                (None, _) | (_, None) => ImpactVerdict::Invalid(Side::After, "its definition has errors".to_owned()),
            };
            let impact = Impact {
                flag: key.clone(),
                environment: (*environment).to_owned(),
                event: FlagEvent::Changed,
                verdict,
                causes: Vec::new(),
            };
            found.push(FlagChange { impact, former_key: Some(former.clone()) });
        }
    }
    Ok(found)
}
