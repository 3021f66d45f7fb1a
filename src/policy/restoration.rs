//! The proof that a revival restores what a flag served before its kill.

use std::collections::BTreeSet;

use crate::analyze::{Budget, Effect, effects};
use crate::diff::{ComparedDefinitions, ImpactVerdict, impacts};
use crate::git::Revision;
use crate::history::state_before_file;
use crate::model::{Kill, kill_path};
use crate::policy::error::PolicyError;
use crate::source::Source;

/// Returns whether it is proven that each context gets what it got before the kill of the flag, or the value of `off`.
/// `after` is the state after the revival.
pub(super) fn restores(
    base: &Revision,
    after: &ComparedDefinitions,
    (key, former_key): (&str, Option<&str>),
    environment: &str,
    budget: &Budget,
) -> Result<bool, PolicyError> {
    // A flag that was renamed is another definition, so it is not the one that was killed.
    if former_key.is_some() {
        return Ok(false);
    }
    let Some(before) = state_before_file(base, &kill_path(key, environment))? else { return Ok(false) };
    let (source, keys) = (Source::Revision(before), [key.to_owned()]);
    let in_force = |kill: &Kill| kill.flag != key;
    let before = ComparedDefinitions::read_with_kills(&source, &keys, &[environment], in_force)?;
    let keys = BTreeSet::from([key.to_owned()]);
    let is_safe = |effect: &Effect| matches!(effect, Effect::Shrink | Effect::Relabel);
    let found = impacts(&before, after, &keys, &[environment], budget)?;
    Ok(found.iter().all(|impact| match &impact.verdict {
        ImpactVerdict::Known(regions) => effects(regions).iter().all(is_safe),
        ImpactVerdict::Unknown(_) | ImpactVerdict::Invalid(..) => false,
    }))
}
