//! Shows by samples that every rule of a flag is reached.
//!
//! **Invariant:** samples only show that something is reached. If a sample is missing, there is no answer.

use crate::analyze::fast_path::sample_context::{SampleContext, can_sample, sample_passes};
use crate::bundle::{Attribute, Bundle, Flag, Percent, Rule, Serve, Type, VariantId};

/// All that a flag has to be asked when everything in it is reached.
pub(crate) struct SampledReachability {
    /// Whether some context gets to the end of the rules.
    pub(crate) default: bool,
    /// Whether some context gets the variant, by place.
    pub(crate) variants: Vec<bool>,
}

/// None where some rule that is not closed may be out of reach, as far as guesses show.
pub(crate) fn reached_by_samples(bundle: &Bundle, flag: &Flag) -> Option<SampledReachability> {
    if !flag.prerequisites.is_empty() {
        return None;
    }
    let hashed = flag.rules.iter().any(partial);
    let any_text = |unit: &Attribute| unit.kind == Type::String && unit.allowed.is_none();
    let limited = !bundle.attributes.get(flag.unit).is_some_and(any_text);
    let conditions = || flag.rules.iter().filter_map(|rule| rule.condition.as_ref());
    if hashed && limited || !conditions().all(|condition| can_sample(bundle, condition, hashed.then_some(flag.unit))) {
        return None;
    }
    let mut variants = vec![false; flag.variants.len()];
    let mut serve = |id: VariantId| variants.get_mut(usize::from(id.0)).map(|slot| *slot = true);
    for (at, rule) in flag.rules.iter().enumerate().filter(|(_, rule)| rule.rollout != Percent::ZERO) {
        let earlier = flag.rules.get(..at).unwrap_or_default();
        // Who falls in no bucket of those before may still fall in one of this rule.
        let passes = |sample: &SampleContext<'_>| {
            earlier.iter().all(|one| one.rollout < rule.rollout || !sample.matches(bundle, one))
        };
        if !sample_passes(bundle, rule.condition.as_ref(), passes) {
            return None;
        }
        rule.serve.variants().try_for_each(&mut serve)?;
        if matches!(rule.serve, Serve::Split(_)) && rule.rollout == Percent::ALL {
            serve(flag.off)?;
        }
    }
    let whole = |rule: &&Rule| rule.rollout == Percent::ALL;
    let default = if flag.rules.iter().filter(whole).any(|rule| rule.condition.is_none()) {
        false
    } else {
        let nobody = SampleContext::empty(bundle);
        if flag.rules.iter().filter(whole).any(|rule| nobody.matches(bundle, rule)) {
            return None;
        }
        serve(flag.default)?;
        true
    };
    Some(SampledReachability { default, variants })
}

fn partial(rule: &Rule) -> bool {
    !matches!(rule.rollout, Percent::ZERO | Percent::ALL) || matches!(rule.serve, Serve::Split(_))
}
