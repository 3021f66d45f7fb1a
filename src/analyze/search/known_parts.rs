//! The parts of a question that are facts of an assignment, and are not divided into buckets.
//!
//! The decision of a flag often needs other flags: a prerequisite, or a condition `flag:`. If such a flag has hashes of
//! its own, then its decision is independent of all other buckets of the question. It is then one fact: the flag serves
//! the variant, or it does not. The number of groups of contexts is otherwise the product of the groups of all flags.
//!
//! **Invariant:** no bucket on which a known condition depends decides anything else in the question. Among the units
//! for which the known conditions have a truth value, all other buckets are therefore uniform.

use std::collections::BTreeSet;

use crate::analyze::encoding::encoded::{ConditionShape, EncodedCondition, EncodedFlag, EncodedRule};
use crate::analyze::encoding::encoder::Encoder;
use crate::analyze::search::solver::Variable;
use crate::analyze::side::Side;

/// The parts of a question that are facts of an assignment.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownParts {
    /// The variables of the conditions `flag:` whose truth is a fact.
    pub(crate) conditions: BTreeSet<Variable>,
    /// The dimensions in which a cell has the range of the assignment.
    pub(crate) dimensions: BTreeSet<usize>,
}

impl KnownParts {
    /// Returns the buckets of all dimensions. The partition is then the one cell of the assignment.
    pub(crate) fn all_buckets(encoder: &Encoder<'_>) -> Self {
        Self { conditions: BTreeSet::new(), dimensions: (0..encoder.dimensions.len()).collect() }
    }

    /// Returns the known conditions that depend on the buckets of the dimension.
    pub(crate) fn conditions_of<'e, 'b>(
        &self,
        encoder: &'e Encoder<'b>,
        dimension: usize,
    ) -> Vec<&'e EncodedCondition<'b>> {
        let all = encoder.flags.iter().flat_map(needed);
        let known = all.filter(|(condition, flag)| {
            self.conditions.contains(&condition.literal.var()) && all_dimensions(encoder, *flag).contains(&dimension)
        });
        known.map(|(condition, _)| condition).collect()
    }

    /// Returns the conditions `flag:` that are the same on both sides, and whose buckets decide nothing else in the
    /// decisions of the targets.
    pub(crate) fn independent(encoder: &Encoder<'_>, targets: &[usize]) -> Self {
        let variables_of = |side: Side| -> BTreeSet<Variable> {
            let flags = encoder.flags.iter().filter(|flag| flag.side == side);
            flags.flat_map(needed).map(|(condition, _)| condition.literal.var()).collect()
        };
        let mut known = variables_of(Side::Before);
        known.retain(|variable| variables_of(Side::After).contains(variable));
        loop {
            let mut decisions = Decisions::default();
            for target in targets {
                decisions.add(encoder, *target, &known);
            }
            let shared: Vec<Variable> = decisions
                .known
                .iter()
                .filter(|(_, flag)| !all_dimensions(encoder, *flag).is_disjoint(&decisions.dimensions))
                .map(|(variable, _)| *variable)
                .collect();
            if shared.is_empty() {
                let flags = decisions.known.iter().map(|(_, flag)| *flag);
                let dimensions = flags.flat_map(|flag| all_dimensions(encoder, flag)).collect();
                let conditions = decisions.known.into_iter().map(|(variable, _)| variable).collect();
                return Self { conditions, dimensions };
            }
            for variable in shared {
                known.remove(&variable);
            }
        }
    }
}

/// What the decisions of some flags depend on.
#[derive(Default)]
struct Decisions {
    visited: BTreeSet<usize>,
    /// The dimensions of the flags whose decisions are not known.
    dimensions: BTreeSet<usize>,
    /// The known conditions, and the flags that they are about.
    known: BTreeSet<(Variable, usize)>,
}

impl Decisions {
    /// Adds a flag and the flags that its decision needs, except for those in known conditions.
    fn add(&mut self, encoder: &Encoder<'_>, flag: usize, known: &BTreeSet<Variable>) {
        let mut open = vec![flag];
        while let Some(index) = open.pop() {
            let Some(flag) = encoder.flags.get(index).filter(|_| self.visited.insert(index)) else { continue };
            let is_half_open = flag.flag.state.is_half_open();
            let hashing = flag.rules.iter().filter(|rule| is_half_open || rule.rule.depends_on_bucket());
            let hashes = |rule: &EncodedRule<'_>| [rule.slot_dimension, rule.rollout_dimension, rule.split_dimension];
            self.dimensions.extend(hashing.flat_map(hashes).flatten());
            self.dimensions.extend(flag.default_dimension.filter(|_| is_half_open));
            for (condition, needed) in needed(flag) {
                if known.contains(&condition.literal.var()) {
                    self.known.insert((condition.literal.var(), needed));
                } else {
                    open.push(needed);
                }
            }
        }
    }
}

/// Returns the dimensions of the flag and of all flags that its decision needs.
fn all_dimensions(encoder: &Encoder<'_>, flag: usize) -> BTreeSet<usize> {
    let mut decisions = Decisions::default();
    decisions.add(encoder, flag, &BTreeSet::new());
    decisions.dimensions
}

/// Returns the conditions `flag:` of a flag that depend on buckets, and the index of the flag that each is about.
fn needed<'e, 'b>(flag: &'e EncodedFlag<'b>) -> Vec<(&'e EncodedCondition<'b>, usize)> {
    let conditions = flag.rules.iter().filter_map(|rule| rule.condition.as_ref());
    let mut open: Vec<&EncodedCondition<'b>> = flag.prerequisites.iter().chain(conditions).collect();
    let mut found = Vec::new();
    while let Some(condition) = open.pop() {
        match &condition.shape {
            ConditionShape::BucketFree => {}
            ConditionShape::All(inner) | ConditionShape::Any(inner) => open.extend(inner),
            ConditionShape::FlagServes { flag, .. } => found.push((condition, *flag)),
        }
    }
    found
}
