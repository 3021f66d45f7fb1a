//! The growth of a flag: how much more of the contexts get something other than `off`, or another value.
//!
//! A region of the analysis has the exact shares of units before and after the change. Its growth is the sum of what the
//! values other than that of `off` gain. A region is a *step* if only rules decide in it, before and after, that both
//! states have with the same condition and unit. Otherwise a condition is new or changed, and the share of a region says
//! nothing about how many people are in it.

use serde_json::Value as Json;

use crate::analyze::{AnalysisError, Budget, DecidedBy, Definition, Effect, Region, Share, Transition, changes};
use crate::bundle::{Bundle, Flag, State};
use crate::diff::is_same_condition;

/// The growth of a flag in an environment.
#[derive(Debug, Default)]
pub(super) struct Growth {
    /// The greatest growth of a region whose conditions are unchanged.
    pub(super) step: Option<Share>,
    /// The indices of the regions that grow because a condition is new or changed, each with its growth.
    pub(super) new_conditions: Vec<(usize, Share)>,
}

impl Growth {
    /// Measures the growth. `flags` are the flag at the base and after the change; without a flag at the base, every
    /// condition is new.
    pub(super) fn of(
        regions: &[Region],
        bundles: [&Bundle; 2],
        flags: (Option<&Flag>, &Flag),
    ) -> Result<Self, AnalysisError> {
        let mut growth = Self::default();
        // A rollout of 100 % also admits the contexts without a unit. They are no share of units, so they count only if no
        // units grow.
        let mut without_unit = None;
        let (old, new) = flags;
        let off = old.unwrap_or(new);
        for (index, region) in regions.iter().enumerate() {
            let size = size(region, &off.variant(off.off).value)?;
            if size == Share::NONE {
                continue;
            }
            match old {
                Some(old) if has_same_conditions(region, bundles, [old, new]) => {
                    let lacks_unit = region.condition.terms().iter().any(|term| term.is_missing_unit());
                    let step = if lacks_unit { &mut without_unit } else { &mut growth.step };
                    *step = (*step).max(Some(size));
                }
                Some(_) | None => growth.new_conditions.push((index, size)),
            }
        }
        growth.step = growth.step.or(without_unit);
        Ok(growth)
    }

    /// Returns whether nothing grows.
    pub(super) fn is_none(&self) -> bool {
        self.step.is_none() && self.new_conditions.is_empty()
    }
}

/// Returns whether it is proven that a flag serves the value of `off` to everyone, so that its next growth is the first.
pub(super) fn serves_only_off(bundle: &Bundle, key: &str, budget: &Budget) -> bool {
    let mut off = bundle.clone();
    match off.flags_mut().find_mut(key) {
        Some(flag) if flag.state.is_off() => return true,
        Some(flag) => flag.state = State::Disabled,
        None => return true,
    }
    let flags = (Definition::find(bundle, key), Definition::find(&off, key));
    let (Some(before), Some(after)) = flags else { return false };
    changes(before, after, budget).is_ok_and(|regions| regions.iter().all(|region| region.revalued() == Share::NONE))
}

/// Returns the growth of a region: the sum of the shares that the values other than that of `off` gain. For a reshuffle,
/// the function returns the largest share of units whose value can change, or if it is known which units change, the
/// share of those that get another value than that of `off`.
fn size(region: &Region, off: &Json) -> Result<Share, AnalysisError> {
    if region.bounds.is_some() {
        return Ok(region.largest_share().unwrap_or(Share::ALL));
    }
    if region.effects.contains(&Effect::Reshuffle) {
        let gains =
            |transition: &&Transition| transition.to.value != *off && transition.to.value != transition.from.value;
        let mut gained = region.transitions.iter().filter(gains).map(|transition| transition.share);
        return gained.try_fold(Share::NONE, Share::checked_add);
    }
    let mut values: Vec<(&Json, Share, Share)> = Vec::new();
    for transition in &region.transitions {
        for (value, side) in [(&transition.from.value, 0), (&transition.to.value, 1)] {
            let index = match values.iter().position(|(known, ..)| *known == value) {
                Some(index) => index,
                None => {
                    values.push((value, Share::NONE, Share::NONE));
                    values.len() - 1
                }
            };
            let Some((_, before, after)) = values.get_mut(index) else { continue };
            let sum = if side == 0 { before } else { after };
            *sum = sum.checked_add(transition.share)?;
        }
    }
    let mut total = Share::NONE;
    for (_, before, after) in values.into_iter().filter(|(value, ..)| *value != off) {
        total = total.checked_add(after.saturating_sub(before)?)?;
    }
    Ok(total)
}

/// Returns whether only parts of the flag decide in the region that both states have with the same condition.
fn has_same_conditions(region: &Region, bundles: [&Bundle; 2], [old, new]: [&Flag; 2]) -> bool {
    let [before, after] = bundles;
    let is_known = |decided: &DecidedBy, own: (&Bundle, &Flag), other: (&Bundle, &Flag)| match decided {
        DecidedBy::Killed | DecidedBy::Disabled | DecidedBy::Default => true,
        DecidedBy::Prerequisite(_) => false,
        DecidedBy::Rule(index) => own.1.rules.get(*index).is_some_and(|rule| {
            other.1.rules.iter().any(|known| is_same_condition([own.0, other.0], [(own.1, rule), (other.1, known)]))
        }),
    };
    region.before.iter().all(|decided| is_known(decided, (before, old), (after, new)))
        && region.after.iter().all(|decided| is_known(decided, (after, new), (before, old)))
}
