//! One environment, compiled: the only input of the evaluator besides a context and a time.
//!
//! A [`Bundle`] is read from the JSON that `flagctl export bundle` or `flagctl publish` wrote, or is made by the
//! compiler. Names are resolved to indices, percentages to ranges of buckets, and patterns to automata, so a decision
//! neither searches nor parses. A program that decides a few of many flags uses a [`LazyBundle`], which decodes a flag
//! when it is first used.
//!
//! **Invariant:** a bundle contains no spans, paths or times of compilation. The same project results in the same
//! bytes.
//! **Invariant:** every index in a bundle is valid, and no reference is cyclic.

mod attribute;
mod bucket;
#[allow(clippy::module_inception, reason = "the file of the type that the module is named after")]
mod bundle;
mod complexity;
mod condition;
mod display;
mod dotted_version;
mod flag;
mod flags;
mod id;
mod json;
mod lazy;
mod pattern_size;
mod percent;
mod percent_range;
mod rule_json;
mod shared_regex;
mod slot;
mod string_set;
mod subset;
mod text;
mod visit;

pub use crate::bundle::attribute::{Attribute, AttributeId, Attributes, Element, NOW, TARGETING_KEY, Type};
pub use crate::bundle::bucket::{BUCKETS, Bucket, Bucketing};
pub use crate::bundle::bundle::{Bundle, Segment};
pub use crate::bundle::dotted_version::{DottedVersion, ParseVersionError};
pub use crate::bundle::flag::{Flag, Rule, Serve, State, Variant};
pub use crate::bundle::flags::Flags;
pub use crate::bundle::id::{FlagId, SegmentId, VariantId};
pub use crate::bundle::json::{BundleError, FORMAT};
pub use crate::bundle::lazy::LazyBundle;
pub use crate::bundle::percent::{Percent, PercentError};
pub use crate::bundle::percent_range::PercentRange;
pub use crate::bundle::slot::Slot;

// Only flagctl itself uses these parts of a flag. They are not part of the library's interface.
#[doc(hidden)]
pub use crate::bundle::bucket::{Bucketer, HashDomain};
#[doc(hidden)]
pub use crate::bundle::complexity::Complexity;
#[doc(hidden)]
pub use crate::bundle::condition::{Comparison, Condition, Operands, Ordered, Polarity, Predicate, Quantifier, Test};
#[cfg(feature = "cli")]
pub(crate) use crate::bundle::display::{ListText, listed, quoted};
#[cfg(feature = "cli")]
pub(crate) use crate::bundle::flag::SHADOW_OF;
#[doc(hidden)]
pub use crate::bundle::flag::rule_name;
#[doc(hidden)]
pub use crate::bundle::pattern_size::{PATTERN_LENGTH_LIMIT, PATTERNS_LIMIT, PatternBudget, PatternLimit};
#[doc(hidden)]
pub use crate::bundle::text::{Folded, OperandError, Pattern, TextOperator, TextSet};
#[doc(hidden)]
pub use crate::bundle::visit::{Follow, Walk};
