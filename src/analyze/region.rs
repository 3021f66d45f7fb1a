//! What is said about contexts that are alike.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use crate::analyze::Certainty;
use crate::analyze::share::Share;
use crate::bundle::{Bundle, Condition, Flag, Variant};
use crate::eval::{Context, Truth, Value, holds};

/// Of two bundles, or of one, which is [`Side::Before`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The first, or the only one.
    Before,
    /// The second.
    After,
}

/// What decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DecidedBy {
    /// A kill: `off`.
    Killed,
    /// `enabled: false`: `off`.
    Disabled,
    /// The prerequisite at that place is not met: `off`.
    Prerequisite(usize),
    /// The rule at that place, also where its split finds no unit and serves `off`.
    Rule(usize),
    /// No rule matched.
    Default,
}

/// What a [`Term`] is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TermSubject {
    /// A rule's condition, or a part of it that does not depend on buckets; of the flag itself or of a prerequisite.
    Rule {
        /// The flag's key.
        flag: String,
        /// Its place in [`Flag::rules`].
        rule: usize,
    },
    /// Another flag's outcome, where it does not depend on buckets.
    Prerequisite {
        /// The key of the flag that has the prerequisite.
        flag: String,
        /// Its place in [`Flag::prerequisites`].
        prerequisite: usize,
    },
    /// The context has a unit: the attribute is a text that is not empty.
    Unit {
        /// Its name.
        attribute: String,
    },
    /// The unit is one that some condition names.
    Named {
        /// The attribute's name.
        attribute: String,
    },
    /// The condition that was asked about.
    Condition,
}

/// One of the things that all contexts of a region have in common.
#[derive(Debug, Clone)]
pub struct Term {
    /// Whether it holds or does not. What is unknown does not hold.
    pub holds: bool,
    /// Whose words they are.
    pub side: Side,
    /// Where it stands.
    pub subject: TermSubject,
    /// In the words of the conditions themselves.
    pub words: String,
    pub(super) test: TermTest,
}

/// What a term asks of a context.
#[derive(Debug, Clone)]
pub(super) enum TermTest {
    Holds(Condition),
    HasUnit(String),
    IsOneOf(String, BTreeSet<String>),
}

/// What is asked of both sides when a context is sorted into regions.
#[derive(Debug, Clone, Copy)]
pub struct EvaluatedContext<'c> {
    /// The side's bundle.
    pub bundle: &'c Bundle,
    /// The context as that bundle's schema reads it.
    pub context: &'c Context<'c>,
}

impl EvaluatedContext<'_> {
    fn text(&self, attribute: &str) -> Option<&str> {
        match self.context.value(self.bundle.attributes.find(attribute)?) {
            Value::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    fn passes(&self, test: &TermTest, now: Timestamp) -> bool {
        match test {
            TermTest::Holds(condition) => holds(self.bundle, condition, self.context, now) == Truth::True,
            TermTest::HasUnit(attribute) => self.text(attribute).is_some(),
            TermTest::IsOneOf(attribute, texts) => self.text(attribute).is_some_and(|text| texts.contains(text)),
        }
    }
}

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

/// A context, written as `eval` takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Witness {
    /// Attributes by name.
    pub context: Map<String, Json>,
    /// The moment of the decision.
    pub now: Timestamp,
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

pub(super) fn effect(from: (&Flag, &Variant), to: (&Flag, &Variant)) -> Effect {
    let off = |(flag, variant): (&Flag, &Variant)| flag.variant(flag.off).value == variant.value;
    match (off(from), off(to)) {
        (true, false) => Effect::Expand,
        (false, true) => Effect::Shrink,
        _ => Effect::Reassign,
    }
}
