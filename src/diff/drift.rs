//! Drift: differences of a flag between the environments of one state of a project.
//!
//! The input is the bundles of all environments. The output has groups of environments with one structure: the same rules,
//! conditions, variants served and other fields. Shares of rollouts and splits differ on purpose while a rule is rolled
//! out, and kills are temporary, so both are ignored.

use std::collections::BTreeSet;

use crate::bundle::{Bundle, Flag};
use crate::diff::definition_changes::{DefinitionChange, compare_flag};

/// A difference in structure between two groups of environments.
#[derive(Debug, Clone, PartialEq)]
pub struct Drift {
    /// The environments that have one structure, in the order of promotion.
    pub from: Vec<String>,
    /// The environments that have the other structure.
    pub to: Vec<String>,
    /// The changes from the first structure to the other.
    pub changes: Vec<DefinitionChange>,
}

/// Returns the differences of a flag between environments. Each group of environments is compared with the group before
/// it. The result is empty if all environments that have the flag have one structure.
pub fn drift(bundles: &[Bundle], key: &str) -> Vec<Drift> {
    let mut groups: Vec<(&Bundle, Vec<String>)> = Vec::new();
    for bundle in bundles.iter().filter(|bundle| bundle.flag(key).is_some()) {
        let name = bundle.environment.to_string();
        match groups.iter_mut().find(|(first, _)| structural_changes([first, bundle], key).is_empty()) {
            Some((_, environments)) => environments.push(name),
            None => groups.push((bundle, vec![name])),
        }
    }
    let pair = |pair: &[(&Bundle, Vec<String>)]| match pair {
        [(before, from), (after, to)] => {
            let changes = structural_changes([before, after], key);
            Some(Drift { from: from.clone(), to: to.clone(), changes })
        }
        _ => None,
    };
    groups.windows(2).filter_map(pair).collect()
}

/// Returns the changes of a flag between two environments, without those of shares and kills.
fn structural_changes(bundles: [&Bundle; 2], key: &str) -> Vec<DefinitionChange> {
    let mut changes = compare_flag(bundles, key);
    let flags = bundles.map(|bundle| bundle.flag(key));
    changes.retain(|change| match change {
        DefinitionChange::Slot(..)
        | DefinitionChange::Rollout(..)
        | DefinitionChange::Killed { .. }
        | DefinitionChange::HalfOpened { .. }
        | DefinitionChange::Revived => false,
        DefinitionChange::Serve(rule, _) => match flags {
            [Some(before), Some(after)] => served(before, rule) != served(after, rule),
            _ => true,
        },
        DefinitionChange::Added
        | DefinitionChange::Removed
        | DefinitionChange::Enabled
        | DefinitionChange::Disabled
        | DefinitionChange::ShownToClients
        | DefinitionChange::HiddenFromClients
        | DefinitionChange::Variants(_)
        | DefinitionChange::Off(_)
        | DefinitionChange::Default(_)
        | DefinitionChange::Unit(_)
        | DefinitionChange::Salt(_)
        | DefinitionChange::Requires(_)
        | DefinitionChange::RuleAdded(_)
        | DefinitionChange::RuleRemoved(_)
        | DefinitionChange::RuleOrder
        | DefinitionChange::RuleUnit(..)
        | DefinitionChange::Condition(..) => true,
    });
    changes
}

/// Returns the variants that a rule serves, in any share.
fn served<'f>(flag: &'f Flag, rule: &str) -> BTreeSet<&'f str> {
    let index = (0..flag.rules.len()).find(|index| flag.rule_name(*index) == rule);
    let rule = index.and_then(|index| flag.rules.get(index));
    rule.into_iter().flat_map(|rule| rule.serve.variants()).map(|id| flag.variant(id).name.as_ref()).collect()
}
