//! Regions: sets of contexts for which two decisions differ in the same way.
//!
//! A region says which contexts belong to it (its terms), which share of units moves from which variant to which, and
//! gives one context as a witness. A change of a flag is a list of regions that do not overlap.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::analyze::results::certainty::Certainty;
use crate::analyze::results::decided_by::DecidedBy;
use crate::analyze::results::share::Share;
use crate::analyze::results::term::{EvaluatedContext, Term, TermSubject};
use crate::analyze::results::witness::Witness;
use crate::analyze::side::Side;
use crate::bundle::{Flag, Variant};

/// Whom the shares of a region are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Population {
    /// All units, however many there are.
    Units,
    /// These units and no others, in ascending order, by the attribute that they are values of. Each moves as the
    /// transitions say, where these depend on no other attribute's units.
    Named(BTreeMap<String, Vec<String>>),
}

/// The share of a region's units that had one variant and get another, or the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// Before.
    pub from: Variant,
    /// After; equal to `from` for those that stay.
    pub to: Variant,
    /// Exact; in a reshuffle, what is expected of independent hashes.
    pub share: Share,
}

impl Transition {
    /// Whether anything changes for these units.
    pub fn moves(&self) -> bool {
        self.from != self.to
    }
}

/// What a change does to those whom it moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// From `off` to something else.
    Expand,
    /// From something else to `off`.
    Shrink,
    /// From one variant to another, neither of them `off` on its side.
    Reassign,
    /// Units are hashed anew: who moves has nothing to do with who had what.
    Reshuffle,
}

/// How many move at least and at most, whatever the hashes have to do with each other.
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
    /// What all of its contexts have in common, and only they; nothing can be left out, unless to know that took too
    /// much work.
    pub terms: Vec<Term>,
    /// What decided before, for those who move.
    pub before: Vec<DecidedBy>,
    /// What decides after, for those who move.
    pub after: Vec<DecidedBy>,
    /// Whom the shares are of.
    pub population: Population,
    /// The shares of everyone in the region; they add up to [`Share::ALL`].
    pub transitions: Vec<Transition>,
    /// What happens to those who move.
    pub effects: BTreeSet<Effect>,
    /// Only for a reshuffle.
    pub bounds: Option<Bounds>,
    /// One who moves; none where no unit with such buckets was found.
    pub witness: Option<Witness>,
    /// Whether there surely is such a context.
    pub certainty: Certainty,
}

impl Region {
    /// The share of those who move.
    pub fn moved(&self) -> Share {
        let moving = self.transitions.iter().filter(|transition| transition.moves());
        moving
            .map(|transition| transition.share)
            .fold(Share::NONE, |sum, share| sum.checked_add(share).unwrap_or(Share::ALL))
    }

    /// Whether the context, as the bundle before and the one after read it, is one of the region's.
    pub fn contains(&self, before: EvaluatedContext<'_>, after: EvaluatedContext<'_>, now: Timestamp) -> bool {
        let named = match &self.population {
            Population::Units => true,
            Population::Named(named) => named.iter().all(|(attribute, units)| {
                let unit = after.text(attribute).or(before.text(attribute));
                unit.is_some_and(|unit| units.iter().any(|one| one == unit))
            }),
        };
        named
            && self.terms.iter().all(|term| {
                let sight = if term.side == Side::Before { before } else { after };
                sight.passes(&term.test, now) == term.holds
            })
    }

    /// All terms in one line; `everyone` where there is none.
    pub fn words(&self) -> String {
        let word = |term: &Term| match (term.holds, &term.subject) {
            (true, _) => term.words.clone(),
            (false, TermSubject::Unit { attribute }) => format!("no {attribute}"),
            (false, _) => format!("not ({})", term.words),
        };
        match self.terms.as_slice() {
            [] => "everyone".to_owned(),
            terms => terms.iter().map(word).collect::<Vec<_>>().join(" and "),
        }
    }
}

/// What two decisions do differently, over all regions.
pub fn effects(regions: &[Region]) -> BTreeSet<Effect> {
    regions.iter().flat_map(|region| region.effects.iter().copied()).collect()
}

pub(crate) fn effect(from: (&Flag, &Variant), to: (&Flag, &Variant)) -> Effect {
    let off = |(flag, variant): (&Flag, &Variant)| flag.variant(flag.off).value == variant.value;
    match (off(from), off(to)) {
        (true, false) => Effect::Expand,
        (false, true) => Effect::Shrink,
        _ => Effect::Reassign,
    }
}
