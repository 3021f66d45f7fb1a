//! Proves with samples that every rule of a flag is reached.
//!
//! **Invariant:** samples prove only that something is reached. If no sample is found, the result is `None`.

use crate::analyze::fast_path::sample_context::{SampleContext, can_sample, sample_passes};
use crate::bundle::{Attribute, Bundle, Flag, Percent, Rule, Serve, Type, VariantId};

/// The reachability of a flag whose rules are all reached.
pub(crate) struct SampledReachability {
    /// Whether a context exists for which no rule decides.
    pub(crate) default: bool,
    /// For each variant, whether a context gets it.
    pub(crate) variants: Vec<bool>,
}

/// Returns the reachability if samples prove that every rule with a rollout above 0 % is reached. Otherwise returns
/// `None`.
pub(crate) fn reached_by_samples(bundle: &Bundle, flag: &Flag) -> Option<SampledReachability> {
    // The ranges of slots are not nested as rollouts are, so samples do not decide which buckets remain for a rule.
    if !flag.prerequisites.is_empty() || flag.rules.iter().any(|rule| rule.partial_slot().is_some()) {
        return None;
    }
    let units = flag.hashed_units();
    let is_free_text = |unit: &Attribute| unit.kind == Type::String && unit.allowed.is_none();
    let units_are_free = units.iter().all(|unit| bundle.attributes.get(*unit).is_some_and(is_free_text));
    let conditions = || flag.rules.iter().filter_map(|rule| rule.condition.as_ref());
    if !units_are_free || !conditions().all(|condition| can_sample(bundle, condition, &units)) {
        return None;
    }
    let mut variants = vec![false; flag.variants.len()];
    let mut serve = |id: VariantId| variants.get_mut(usize::from(id.0)).map(|slot| *slot = true);
    for (index, rule) in flag.rules.iter().enumerate().filter(|(_, rule)| rule.rollout != Percent::ZERO) {
        let earlier = flag.rules.get(..index).unwrap_or_default();
        // If an earlier rule has a smaller rollout, some buckets remain for this rule.
        let passes = |sample: &SampleContext<'_>| {
            earlier.iter().all(|earlier| earlier.rollout < rule.rollout || !sample.matches(bundle, earlier))
        };
        if !sample_passes(bundle, rule.condition.as_ref(), passes) {
            return None;
        }
        rule.serve.variants().try_for_each(&mut serve)?;
        if matches!(rule.serve, Serve::Split(_)) && rule.rollout == Percent::ALL {
            serve(flag.off)?;
        }
    }
    let has_full_rollout = |rule: &&Rule| rule.rollout == Percent::ALL;
    let default = if flag.rules.iter().filter(has_full_rollout).any(|rule| rule.condition.is_none()) {
        false
    } else {
        let empty = SampleContext::empty(bundle);
        if flag.rules.iter().filter(has_full_rollout).any(|rule| empty.matches(bundle, rule)) {
            return None;
        }
        serve(flag.default)?;
        true
    };
    Some(SampledReachability { default, variants })
}
