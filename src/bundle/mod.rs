//! One environment, compiled: the only thing that the evaluator reads.
//!
//! Takes nothing; gives the types of a bundle, and a bundle from and to JSON. Names are resolved to
//! indexes, percentages to bucket ranges, patterns to automata.
//!
//! **Invariant:** a bundle holds no spans, no paths and no clock; the same project gives the same bytes.
//! **Invariant:** an index in a checked bundle points at something, and nothing in it is cyclic.

mod attribute;
mod bucket;
mod complexity;
mod condition;
mod display;
mod flags;
mod json;
mod lazy;
mod string_set;
mod text;
mod visit;

pub use crate::bundle::attribute::{Attribute, AttributeId, Attributes, Element, NOW, TARGETING_KEY, Type};
pub use crate::bundle::bucket::{BUCKETS, Bucket, Bucketer, Bucketing, HashDomain, Percent};
pub use crate::bundle::complexity::Weight;
pub use crate::bundle::condition::{
    Comparison, Condition, Operands, Ordered, Polarity, Predicate, Quantifier, Test, TextOperator,
};
#[cfg(feature = "cli")]
pub(crate) use crate::bundle::display::{listed, quoted};
pub use crate::bundle::flags::Flags;
pub use crate::bundle::json::{BundleError, FORMAT};
pub use crate::bundle::lazy::LazyBundle;
pub use crate::bundle::text::{Folded, Pattern, TextSet};
pub use crate::bundle::visit::{Follow, Walk};

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// Everything that one environment serves.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// The environment's name.
    pub environment: Box<str>,
    /// How units are turned into buckets, for every flag of the bundle.
    pub bucketing: Bucketing,
    /// The attributes that a context may have.
    pub attributes: Attributes,
    /// Named conditions, each after those that it refers to.
    pub segments: Vec<Segment>,
    /// In ascending order of their keys.
    pub flags: Flags,
}

impl Bundle {
    /// The flag of that key, if the bundle has it.
    pub fn flag(&self, key: &str) -> Option<&Flag> {
        self.flags.get(self.flags.find(key)?)
    }

    /// The flag at that index.
    #[allow(clippy::expect_used, reason = "a bundle's indexes are checked when it is made")]
    pub fn flag_at(&self, id: FlagId) -> &Flag {
        self.flags.get(id).expect("a flag that was read")
    }

    /// The segment at that index.
    #[allow(clippy::indexing_slicing, reason = "a bundle's indexes are checked when it is made")]
    pub fn segment_at(&self, id: SegmentId) -> &Segment {
        &self.segments[id.0 as usize]
    }
}

/// Where a flag stands in [`Bundle::flags`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FlagId(pub u32);

/// Where a segment stands in [`Bundle::segments`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SegmentId(pub u32);

/// Where a variant stands in [`Flag::variants`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VariantId(pub u16);

/// A named condition.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// The name that people gave it.
    pub name: Box<str>,
    /// Holds for the contexts that belong to the segment.
    pub condition: Condition,
}

/// One flag in one environment.
#[derive(Debug, Clone)]
pub struct Flag {
    /// The name that applications ask for.
    pub key: Box<str>,
    /// What a flag can serve; never empty.
    pub variants: Vec<Variant>,
    /// Served when the flag is killed, disabled, or lacks a prerequisite.
    pub off: VariantId,
    /// Served when no rule matches.
    pub default: VariantId,
    /// Whether anything but `off` can be served at all.
    pub state: State,
    /// All must hold, or `off` is served; only [`Condition::Flag`].
    pub prerequisites: Vec<Condition>,
    /// The first that matches serves.
    pub rules: Vec<Rule>,
    /// The attribute whose value falls in a bucket.
    pub unit: AttributeId,
    /// Turns units into buckets, for this flag.
    pub bucketer: Bucketer,
}

impl Flag {
    /// The variant at that index.
    #[allow(clippy::indexing_slicing, reason = "a bundle's indexes are checked when it is made")]
    pub fn variant(&self, id: VariantId) -> &Variant {
        &self.variants[usize::from(id.0)]
    }

    /// Returns the name of the rule at an index, as [`rule_name`] gives it.
    pub fn rule_name(&self, rule_index: usize) -> String {
        rule_name(self.rules.get(rule_index).and_then(|rule| rule.name.as_deref()), rule_index)
    }

    /// Every condition of the flag: its prerequisites, then its rules'.
    pub fn conditions(&self) -> impl DoubleEndedIterator<Item = &Condition> {
        self.prerequisites.iter().chain(self.rules.iter().filter_map(|rule| rule.condition.as_ref()))
    }
}

/// Returns the name under which people refer to a rule: its own name, or its number counted from one, such as `#2`.
pub fn rule_name(name: Option<&str>, rule_index: usize) -> String {
    name.map_or_else(|| format!("#{}", rule_index + 1), str::to_owned)
}

/// Whether a flag decides anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum State {
    /// Rules decide.
    Enabled,
    /// Its definition says `enabled: false`.
    Disabled,
    /// An emergency: `off` for everyone.
    Killed {
        /// Why, in the words of whoever killed it.
        reason: Box<str>,
        /// Who, where it was recorded.
        by: Option<Box<str>>,
        /// When, where it was recorded, as written.
        at: Option<Box<str>>,
    },
}

/// A named value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// The name that rules serve it by.
    pub name: Box<str>,
    /// What the application gets.
    pub value: serde_json::Value,
}

/// A condition and what it serves.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What people call it; rules need no name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Box<str>>,
    /// Whom the rule is for; everyone where there is none.
    #[serde(default, rename = "if", skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// The share of units that the rule admits; the others go on to the next rule.
    pub rollout: Percent,
    /// What an admitted context gets.
    pub serve: Serve,
}

/// What a rule serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Serve {
    /// One variant.
    Variant(VariantId),
    /// Several, each up to a bucket (exclusive); the last ends at [`BUCKETS`].
    Split(Vec<(Bucket, VariantId)>),
}

impl Serve {
    /// Iterates over the variants with the range of buckets that each one gets, in the order of the buckets.
    ///
    /// A single variant gets all buckets. A range of a split is empty if its share is `0%`.
    pub fn ranges(&self) -> impl Iterator<Item = (Range<Bucket>, VariantId)> {
        let (single, ranges) = match self {
            Self::Variant(id) => (Some((0..BUCKETS, *id)), [].as_slice()),
            Self::Split(ranges) => (None, ranges.as_slice()),
        };
        let starts = std::iter::once(0).chain(ranges.iter().map(|(end, _)| *end));
        single.into_iter().chain(starts.zip(ranges).map(|(start, (end, id))| (start..*end, *id)))
    }

    /// Iterates over the variants that get at least one bucket. A variant may come more than once.
    pub fn variants(&self) -> impl Iterator<Item = VariantId> {
        self.ranges().filter(|(range, _)| !range.is_empty()).map(|(_, id)| id)
    }
}
