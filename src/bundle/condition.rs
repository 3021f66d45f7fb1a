//! Conditions: Boolean combinations of tests on single attributes.

use std::net::IpAddr;

use ipnet::IpNet;
use jiff::Timestamp;
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::bundle::{AttributeId, FlagId, Folded, Pattern, SegmentId, TextSet, VariantId};

/// Something that holds for some contexts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// Every one holds; true where there is none.
    All(Box<[Condition]>),
    /// At least one holds; false where there is none.
    Any(Box<[Condition]>),
    /// It does not hold; unknown stays unknown.
    Not(Box<Condition>),
    /// The context belongs to the segment.
    Segment(SegmentId),
    /// Another flag serves one of these variants to the context.
    Flag {
        /// The other flag.
        key: FlagId,
        /// In ascending order.
        variants: Box<[VariantId]>,
    },
    /// An attribute's value passes a test.
    Test(Test),
}

/// A test on one attribute.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// Whose value.
    pub attribute: AttributeId,
    /// Whether passing or failing is asked for.
    pub sign: Polarity,
    /// What the value is held against.
    pub predicate: Predicate,
}

/// Whether a test is asked to pass or to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Polarity {
    /// The predicate holds.
    Is,
    /// The predicate does not hold: `ne`, `not_in`, `exists: false`.
    IsNot,
}

/// What a value is held against.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Predicate {
    /// There is a value other than null. The one predicate that is never unknown.
    Exists,
    /// Equal to one of these (`eq`, `in`); an address also when a network contains it.
    OneOf(Operands),
    /// Before or after this one.
    Compare(Comparison, Ordered),
    /// The text begins so.
    StartsWith(Box<str>),
    /// The text ends so.
    EndsWith(Box<str>),
    /// The text has this somewhere.
    Contains(Box<str>),
    /// The pattern matches somewhere in the text.
    Matches(Pattern),
    /// A text operator that ignores case.
    Folded(Folded),
    /// The list has one or all of these (`has`, `has_any`, `has_all`).
    Has(Quantifier, Operands),
}

/// Values of one type, in ascending order, each once.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operands {
    /// Truth values.
    Booleans(Box<[bool]>),
    /// Numbers; never NaN.
    Numbers(Box<[f64]>),
    /// Texts.
    Texts(TextSet),
    /// Versions, distinct in precedence.
    Versions(Box<[Version]>),
    /// Moments.
    Times(Box<[Timestamp]>),
    /// Networks; an address is the network of that address alone.
    Networks(Box<[IpNet]>),
}

impl Operands {
    /// Whether the address lies in one of the networks; false for other operands.
    pub fn contain_address(&self, address: &IpAddr) -> bool {
        matches!(self, Self::Networks(networks) if networks.iter().any(|network| network.contains(address)))
    }
}

/// A value of an ordered type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ordered {
    /// Never NaN.
    Number(f64),
    /// Ordered by precedence, without build metadata.
    Version(Version),
    /// A moment.
    Time(Timestamp),
}

/// An order relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Comparison {
    /// `lt`
    Less,
    /// `lte`
    LessOrEqual,
    /// `gt`
    Greater,
    /// `gte`
    GreaterOrEqual,
}

impl Comparison {
    /// As conditions write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Less => "lt",
            Self::LessOrEqual => "lte",
            Self::Greater => "gt",
            Self::GreaterOrEqual => "gte",
        }
    }

    /// Whether a value that compares so to the operand satisfies the relation.
    pub fn admits(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// What is asked of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextOperator {
    /// `eq` or `in`
    Equals,
    /// `starts_with`
    StartsWith,
    /// `ends_with`
    EndsWith,
    /// `contains`
    Contains,
    /// `matches`
    Matches,
}

/// How many of the operands a list must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quantifier {
    /// `has`, `has_any`
    Any,
    /// `has_all`
    All,
}
