//! Flags and conditions after encoding: literals, beside the structure of the decision.
//!
//! The solver needs only the literals. The structure stays because the partition of buckets follows the decision rule by
//! rule, as the evaluator does.

use std::collections::BTreeMap;

use crate::analyze::encoding::atoms::BucketHash;
use crate::analyze::search::solver::Literal;
use crate::analyze::side::Side;
use crate::bundle::{Bucket, Condition, Flag, Rule, VariantId};

/// Which of the two certain truths a condition is asked for. What is unknown is neither.
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

/// That a condition is true, or that it is false.
#[derive(Debug)]
pub(crate) struct EncodedCondition<'b> {
    pub(crate) literal: Literal,
    pub(crate) side: Side,
    pub(crate) condition: &'b Condition,
    pub(crate) want: WantedTruth,
    pub(crate) kind: ConditionShape<'b>,
}

#[derive(Debug)]
pub(crate) enum ConditionShape<'b> {
    /// Does not depend on any bucket.
    BucketFree,
    All(Vec<EncodedCondition<'b>>),
    Any(Vec<EncodedCondition<'b>>),
    /// Whether the flag at that place serves one of these; asked for by itself, whatever stands around it.
    FlagServes(usize, &'b [VariantId], WantedTruth),
}

/// A rule's condition; none where it is for everyone.
#[derive(Debug)]
pub(crate) struct EncodedRule<'b> {
    pub(crate) rule: &'b Rule,
    pub(crate) condition: Option<EncodedCondition<'b>>,
    /// It matches and its gate admits the unit.
    pub(crate) applies: Literal,
}

#[derive(Debug)]
pub(crate) struct EncodedFlag<'b> {
    pub(crate) side: Side,
    pub(crate) flag: &'b Flag,
    pub(crate) prerequisites: Vec<EncodedCondition<'b>>,
    pub(crate) rules: Vec<EncodedRule<'b>>,
    /// For each variant, that it would be served were the flag neither killed nor disabled.
    pub(crate) enabled: Vec<Literal>,
    /// For each variant, that it is served.
    pub(crate) outcomes: Vec<Literal>,
    /// Whether its decision never depends on a bucket.
    pub(crate) bucket_free: bool,
    pub(crate) unit: EncodedUnit,
    pub(crate) gate: Option<usize>,
    pub(crate) split: Option<usize>,
}

/// What a flag buckets by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EncodedUnit {
    /// The context has a unit.
    pub(crate) present: Literal,
    /// The unit is one that a condition names.
    pub(crate) named: Literal,
    /// The attribute's domain, where it is one that units can be of.
    pub(crate) domain: Option<usize>,
}

/// One hash of units, as a number that lies below some ends.
pub(crate) struct HashDimension {
    pub(crate) hash: BucketHash,
    pub(crate) domain: usize,
    pub(crate) below: BTreeMap<Bucket, Literal>,
}
