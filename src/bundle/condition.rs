//! Conditions: Boolean combinations of tests on single attributes.
//!
//! The operands of a test are parsed and sorted when the bundle is read, so a decision only compares values.

use std::net::IpAddr;

use ipnet::IpNet;
use jiff::Timestamp;
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::bundle::attribute::AttributeId;
use crate::bundle::dotted_version::DottedVersion;
use crate::bundle::id::{FlagId, SegmentId, VariantId};
use crate::bundle::text::{Folded, Pattern, TextOperator, TextSet};

/// A Boolean statement about a context. It holds, does not hold, or is unknown.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// All parts hold. The condition is true if there are no parts.
    All(Box<[Condition]>),
    /// At least one part holds. The condition is false if there are no parts.
    Any(Box<[Condition]>),
    /// The part does not hold. If the part is unknown, the condition is unknown.
    Not(Box<Condition>),
    /// The context is in the segment.
    Segment(SegmentId),
    /// Another flag serves one of these variants to the context.
    Flag {
        /// The other flag.
        key: FlagId,
        /// The accepted variants of the other flag, in ascending order.
        variants: Box<[VariantId]>,
    },
    /// The value of an attribute passes a test.
    Test(Test),
}

/// A test on one attribute.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// The attribute whose value is tested.
    pub attribute: AttributeId,
    /// Whether the predicate must hold or must not hold.
    pub sign: Polarity,
    /// The predicate on the value.
    pub predicate: Predicate,
}

/// Whether a test passes if its predicate holds, or if its predicate does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Polarity {
    /// The predicate holds.
    Is,
    /// The predicate does not hold: `ne`, `not_in`, `exists: false`.
    IsNot,
}

/// A predicate on the value of one attribute.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Predicate {
    /// The value is present and not null. This is the only predicate that is never unknown.
    Exists,
    /// The value equals one of these (`eq`, `in`). An address also equals a network that contains it.
    OneOf(Operands),
    /// The value satisfies the comparison with this bound.
    Compare(Comparison, Ordered),
    /// The text starts with this prefix.
    StartsWith(Box<str>),
    /// The text ends with this suffix.
    EndsWith(Box<str>),
    /// The text contains this part.
    Contains(Box<str>),
    /// The pattern matches somewhere in the text.
    Matches(Pattern),
    /// A text operator that ignores case.
    Folded(Folded),
    /// The list has one or all of these elements (`has`, `has_any`, `has_all`).
    Has(Quantifier, Operands),
}

/// Distinct values of one type, in ascending order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operands {
    /// Booleans.
    Booleans(Box<[bool]>),
    /// Numbers, never NaN.
    Numbers(Box<[f64]>),
    /// Texts.
    Texts(TextSet),
    /// Semantic versions, distinct in precedence.
    Versions(Box<[Version]>),
    /// Versions of any number of parts.
    DottedVersions(Box<[DottedVersion]>),
    /// Times.
    Times(Box<[Timestamp]>),
    /// Networks. A single address is a network of one address.
    Networks(Box<[IpNet]>),
}

impl Predicate {
    /// Returns the operands of a predicate that compares complete values, or `None` for the other predicates.
    pub fn one_of(&self) -> Option<&Operands> {
        match self {
            Self::OneOf(operands) => Some(operands),
            Self::Exists
            | Self::Compare(..)
            | Self::StartsWith(_)
            | Self::EndsWith(_)
            | Self::Contains(_)
            | Self::Matches(_)
            | Self::Folded(_)
            | Self::Has(..) => None,
        }
    }

    /// Returns whether the predicate compares complete values with a list of values: `eq`, `in`, `ne` and `not_in`, also with
    /// `ignore_case`.
    pub fn compares_with_list(&self) -> bool {
        match self {
            Self::OneOf(_) => true,
            Self::Folded(folded) => folded.operator() == TextOperator::Equals,
            Self::Exists
            | Self::Compare(..)
            | Self::StartsWith(_)
            | Self::EndsWith(_)
            | Self::Contains(_)
            | Self::Matches(_)
            | Self::Has(..) => false,
        }
    }

    /// Returns the relation and the bound of an order comparison, or `None` for the other predicates.
    pub fn comparison(&self) -> Option<(Comparison, &Ordered)> {
        match self {
            Self::Compare(comparison, bound) => Some((*comparison, bound)),
            Self::Exists
            | Self::OneOf(_)
            | Self::StartsWith(_)
            | Self::EndsWith(_)
            | Self::Contains(_)
            | Self::Matches(_)
            | Self::Folded(_)
            | Self::Has(..) => None,
        }
    }
}

impl Operands {
    /// Returns whether one of the networks contains the address. Returns false for operands of another type.
    pub fn contain_address(&self, address: &IpAddr) -> bool {
        matches!(self, Self::Networks(networks) if networks.iter().any(|network| network.contains(address)))
    }
}

/// A value of an ordered type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ordered {
    /// A number, never NaN.
    Number(f64),
    /// A semantic version, ordered by its precedence, without build metadata.
    Version(Version),
    /// A version of any number of parts.
    DottedVersion(DottedVersion),
    /// A time.
    Time(Timestamp),
}

/// An order relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Comparison {
    /// The operator `lt`.
    Less,
    /// The operator `lte`.
    LessOrEqual,
    /// The operator `gt`.
    Greater,
    /// The operator `gte`.
    GreaterOrEqual,
}

impl Comparison {
    /// Returns the operator's name in a condition.
    pub fn name(self) -> &'static str {
        match self {
            Self::Less => "lt",
            Self::LessOrEqual => "lte",
            Self::Greater => "gt",
            Self::GreaterOrEqual => "gte",
        }
    }

    /// Returns the relation that holds exactly for the values that do not satisfy this one.
    pub fn opposite(self) -> Self {
        match self {
            Self::Less => Self::GreaterOrEqual,
            Self::LessOrEqual => Self::Greater,
            Self::Greater => Self::LessOrEqual,
            Self::GreaterOrEqual => Self::Less,
        }
    }

    /// Returns whether a value satisfies the relation. `ordering` is the order of the value relative to the operand.
    pub fn admits(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// Whether a list must have one or all of the operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quantifier {
    /// The operator `has` or `has_any`.
    Any,
    /// The operator `has_all`.
    All,
}
