//! Regions: sets of contexts for which two decisions differ in the same way.
//!
//! A region contains the condition that describes its contexts, the share of units for each pair of old and new variant, and
//! one context as a witness. A change of a flag is a list of regions that do not overlap.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value as Json;

use crate::analyze::results::certainty::Certainty;
use crate::analyze::results::decided_by::DecidedBy;
use crate::analyze::results::formula::Formula;
use crate::analyze::results::share::Share;
use crate::analyze::results::term::{EvaluatedContext, Term};
use crate::analyze::results::witness::Witness;
use crate::analyze::side::Side;
use crate::bundle::{Flag, Variant};

/// The units that the shares of a region refer to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Population {
    /// All units.
    Units,
    /// Only these units, by attribute, in ascending order. The transitions apply to each of these units, unless they
    /// also depend on units of another attribute.
    Named(BTreeMap<String, Vec<String>>),
}

/// The attributes whose buckets divide the contexts of a region. The shares of the region are shares of their values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HashedUnits {
    /// Only the targeting key, and the rules of the flag hash no other attribute.
    TargetingKey,
    /// These attributes, which may include the targeting key. With several attributes, a share is a share of the
    /// combinations of their values. With none, no bucket divides the region.
    Attributes(BTreeSet<String>),
}

/// Whether the contexts of a region have a unit that conditions name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitScope {
    /// Some contexts of the region have a unit that no condition names, or lack a unit.
    Any,
    /// Conditions name every unit of every context of the region. These units are finitely many, and therefore not
    /// a share of all units.
    Named,
}

/// The share of a region's units that get one variant before the change and another or the same variant after it.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// The variant before the change.
    pub from: Variant,
    /// The variant after the change. It equals `from` for units that keep their variant.
    pub to: Variant,
    /// The exact share. In a reshuffle, it is the expected share for independent hashes.
    pub share: Share,
}

impl Transition {
    /// Returns whether these units get another variant after the change.
    pub fn moves(&self) -> bool {
        self.from != self.to
    }
}

/// The effect of a change on the units that get another variant.
///
/// The effect depends on values. `off` means the value that the definition *before* the change serves when the flag is
/// off, so a change that also edits the value of `off` cannot hide in another effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// The value changes from that of `off` to another one.
    Expand,
    /// The value changes from another one to that of `off`.
    Shrink,
    /// The value changes, and neither the old nor the new value is that of `off`; or the variant keeps its name and has
    /// another value.
    Reassign,
    /// Another variant is served, and it has the same value.
    Relabel,
    /// Units are hashed in another way, so the new variant of a unit is independent of its old variant; or a rule takes
    /// another part of its layer, so it decides for other units.
    Reshuffle,
}

/// The minimum and maximum share of units that get another variant, for any dependence between the two hashes. `p` and
/// `q` are the shares of a variant before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// `1 - Σ min(p, q)` over all variants.
    pub least: Share,
    /// `1 - Σ max(0, p + q - 1)` over all variants.
    pub most: Share,
}

/// Contexts for which two decisions differ in the same way.
#[derive(Debug, Clone)]
pub struct Region {
    /// The condition that exactly the contexts of the region satisfy, among those of its population that have its units.
    /// It has few terms, unless the budget was too small to look for fewer.
    pub condition: Formula,
    /// The units that all contexts of the region have, because the shares are shares of these units.
    pub units: Vec<Term>,
    /// The parts of the flag that decided before the change, for the units that get another variant.
    pub before: Vec<DecidedBy>,
    /// The parts of the flag that decide after the change, for the units that get another variant.
    pub after: Vec<DecidedBy>,
    /// The units that the shares refer to.
    pub population: Population,
    /// Whether conditions name the units of all contexts of the region, with all attributes that the rules of the flag
    /// hash before or after the change. The shares of such a region may
    /// still refer to all units: a flag without a rollout serves the same to every unit of the region.
    pub unit_scope: UnitScope,
    /// The units that the shares are shares of.
    pub hashed: HashedUnits,
    /// The shares of all units of the region. They add up to [`Share::ALL`].
    pub transitions: Vec<Transition>,
    /// The effects on the units that get another variant.
    pub effects: BTreeSet<Effect>,
    /// The bounds of a reshuffle, or `None` for other changes.
    pub bounds: Option<Bounds>,
    /// A context that gets another variant, or `None` if no unit with the necessary buckets was found.
    pub witness: Option<Witness>,
    /// Whether it is proven that a context of the region exists.
    pub certainty: Certainty,
}

impl Region {
    /// Returns the share of units that get another variant.
    pub fn moved(&self) -> Share {
        self.share_of(Transition::moves)
    }

    /// Returns the share of units that get another value. A variant with another name and the same value is not counted.
    pub fn revalued(&self) -> Share {
        self.share_of(|transition| transition.from.value != transition.to.value)
    }

    /// Returns the largest share of units that can get another value, for any dependence between two hashes. Returns
    /// `None` if the region consists of named units, which are not a share of all units.
    ///
    /// Without a reshuffle, this is the share of units that get another value. In a reshuffle, it is
    /// `1 - Σ max(0, p + q - 1)` over all values, where `p` and `q` are the shares of a value before and after.
    pub fn largest_share(&self) -> Option<Share> {
        match (self.unit_scope, self.bounds) {
            (UnitScope::Named, _) => None,
            (UnitScope::Any, None) => Some(self.revalued()),
            (UnitScope::Any, Some(_)) => {
                let values = self.transitions.iter().flat_map(|transition| [&transition.from, &transition.to]);
                let mut distinct: Vec<&Json> = Vec::new();
                for value in values.map(|variant| &variant.value) {
                    if !distinct.contains(&value) {
                        distinct.push(value);
                    }
                }
                let sum = distinct.into_iter().try_fold(Share::NONE, |sum, value| {
                    let before = self.share_of(|transition| transition.from.value == *value);
                    let after = self.share_of(|transition| transition.to.value == *value);
                    sum.checked_add(before.checked_add(after)?.saturating_sub(Share::ALL)?)
                });
                // If the sum does not fit into a fraction, no unit is certain to keep its value.
                Some(sum.and_then(|sum| Share::ALL.saturating_sub(sum)).unwrap_or(Share::ALL))
            }
        }
    }

    fn share_of(&self, is_counted: impl Fn(&Transition) -> bool) -> Share {
        let counted = self.transitions.iter().filter(|transition| is_counted(transition));
        counted
            .map(|transition| transition.share)
            .fold(Share::NONE, |sum, share| sum.checked_add(share).unwrap_or(Share::ALL))
    }

    /// Returns whether the region contains the context. The two arguments are the same context, read with the schema of
    /// each bundle.
    pub fn contains(&self, before: EvaluatedContext<'_>, after: EvaluatedContext<'_>, now: Timestamp) -> bool {
        let is_true = |term: &Term| {
            let context = if term.side == Side::Before { before } else { after };
            context.passes(&term.test, now) == term.holds
        };
        let named = match &self.population {
            Population::Units => true,
            Population::Named(named) => named.iter().all(|(attribute, units)| {
                let unit = after.text(attribute).or(before.text(attribute));
                unit.is_some_and(|unit| units.iter().any(|named| named == unit))
            }),
        };
        named && self.units.iter().all(is_true) && self.condition.is_true(&is_true)
    }
}

/// Returns the effects of all regions.
pub fn effects(regions: &[Region]) -> BTreeSet<Effect> {
    regions.iter().flat_map(|region| region.effects.iter().copied()).collect()
}

/// Returns the effect of a change from one variant to another. `old` is the flag before the change.
pub(crate) fn effect(old: &Flag, from: &Variant, to: &Variant) -> Effect {
    let is_off = |variant: &Variant| variant.value == old.variant(old.off).value;
    match (is_off(from), is_off(to)) {
        _ if from.value == to.value => Effect::Relabel,
        _ if from.name == to.name => Effect::Reassign,
        (true, _) => Effect::Expand,
        (false, true) => Effect::Shrink,
        (false, false) => Effect::Reassign,
    }
}
