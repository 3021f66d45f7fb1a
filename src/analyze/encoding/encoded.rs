//! Flags and conditions after encoding: their literals and the structure of the decision.
//!
//! The solver needs only the literals. The structure is kept because the partition of buckets evaluates the decision
//! rule by rule, in the same way as the evaluator. For example, a rule with the condition `beta` and a rollout of 10 %
//! has the literal of `beta`, and the literal `applies`, which is true if `beta` is true and the unit falls into the
//! first 10 %.

use std::collections::BTreeMap;

use crate::analyze::encoding::atoms::BucketHash;
use crate::analyze::search::solver::{Literal, Model};
use crate::analyze::side::Side;
use crate::bundle::{BUCKETS, Bucket, Condition, Flag, Rule, VariantId};

/// The truth value that a condition is encoded for.
///
/// Conditions have three truth values. A literal represents either "true" or "false". Both literals are false for an
/// unknown condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WantedTruth {
    True,
    False,
}

impl WantedTruth {
    pub(crate) fn negated(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
        }
    }
}

/// A literal that is true if the condition has the wanted truth value.
#[derive(Debug)]
pub(crate) struct EncodedCondition<'b> {
    pub(crate) literal: Literal,
    pub(crate) side: Side,
    pub(crate) condition: &'b Condition,
    pub(crate) want: WantedTruth,
    pub(crate) shape: ConditionShape<'b>,
}

/// The parts of a condition that depend on buckets.
#[derive(Debug)]
pub(crate) enum ConditionShape<'b> {
    /// The condition does not depend on buckets, so its literal is sufficient.
    BucketFree,
    All(Vec<EncodedCondition<'b>>),
    Any(Vec<EncodedCondition<'b>>),
    /// Another flag serves one of these variants.
    FlagServes {
        /// The index in [`Encoder::flags`](crate::analyze::encoding::encoder::Encoder::flags).
        flag: usize,
        variants: &'b [VariantId],
        want: WantedTruth,
    },
}

#[derive(Debug)]
pub(crate) struct EncodedRule<'b> {
    pub(crate) rule: &'b Rule,
    /// This value is `None` if the rule applies to every context.
    pub(crate) condition: Option<EncodedCondition<'b>>,
    /// True if the condition holds, and the slot and the rollout admit the unit.
    pub(crate) applies: Literal,
    /// The unit that the rule hashes.
    pub(crate) unit: EncodedUnit,
    /// The dimension of the hash of the rule's layer, if the rule has a slot that is not the complete layer.
    pub(crate) slot_dimension: Option<usize>,
    /// The dimension of the rule's rollout hash, if a rule with the same unit has a rollout.
    pub(crate) rollout_dimension: Option<usize>,
    /// The dimension of the rule's split hash, if a rule with the same unit has a split.
    pub(crate) split_dimension: Option<usize>,
}

/// An encoded flag. Variants have the order of [`Flag::variants`].
#[derive(Debug)]
pub(crate) struct EncodedFlag<'b> {
    pub(crate) side: Side,
    pub(crate) flag: &'b Flag,
    pub(crate) prerequisites: Vec<EncodedCondition<'b>>,
    pub(crate) rules: Vec<EncodedRule<'b>>,
    /// For each variant, a literal that is true if the variant would be served when the flag were neither killed nor
    /// disabled.
    pub(crate) outcomes_if_enabled: Vec<Literal>,
    /// For each variant, a literal that is true if the variant is served.
    pub(crate) outcomes: Vec<Literal>,
    /// True if the decision never depends on a bucket.
    pub(crate) bucket_free: bool,
    /// The flag's own unit, by which a kill that admits a share of units checks the default.
    pub(crate) default_unit: EncodedUnit,
    /// The dimension of the rollout hash of the flag's own unit, if anything hashes it.
    pub(crate) default_dimension: Option<usize>,
    /// The units that the rules hash, or the flag's own unit if no rule hashes one.
    pub(crate) units: Vec<EncodedUnit>,
}

/// A unit that a rule hashes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EncodedUnit {
    /// True if the context has a unit.
    pub(crate) present: Literal,
    /// True if a condition names the unit.
    pub(crate) named: Literal,
    /// The index of the attribute's domain, or `None` if the attribute is not a text.
    pub(crate) domain: Option<usize>,
}

/// A hash of units: one dimension of the space of buckets.
pub(crate) struct HashDimension {
    pub(crate) hash: BucketHash,
    /// The index of the unit's domain.
    pub(crate) domain: usize,
    /// For each boundary, a literal that is true if the unit's bucket is below it.
    pub(crate) below: BTreeMap<Bucket, Literal>,
}

impl HashDimension {
    /// Returns the range of buckets that the model chooses. No boundary lies within it.
    pub(crate) fn range(&self, model: &Model) -> (Bucket, Bucket) {
        let end = self.below.iter().find(|(_, below)| model.holds(**below)).map_or(BUCKETS, |(end, _)| *end);
        let start = self.below.range(..end).next_back().map_or(0, |(start, _)| *start);
        (start, end)
    }
}
