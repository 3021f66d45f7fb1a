//! Limits the work of one decision.
//!
//! Conditions share segments and prerequisites, so a few lines could require more tests than a decision has time for,
//! or nest deeper than the stack allows. The compiler and the reader of bundles reject definitions that exceed the
//! bounds.

use crate::bundle::condition::Condition;
use crate::bundle::id::{FlagId, SegmentId};

/// The work to evaluate a condition, including everything that it refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Complexity {
    /// The number of levels of conditions inside conditions.
    pub depth: u32,
    /// The number of tests of attributes, if the evaluation does not stop early.
    pub tests: u32,
}

impl Complexity {
    /// The maximum depth of a decision.
    pub const DEPTH: u32 = 256;
    /// The maximum number of tests in a decision.
    pub const TESTS: u32 = 100_000;

    /// Computes the complexity of a condition from those of the segments and flags that it refers to.
    ///
    /// Returns `None` if `segment` or `flag` returns `None` for one of them.
    pub fn compute(
        condition: &Condition,
        segment: &impl Fn(SegmentId) -> Option<Self>,
        flag: &impl Fn(FlagId) -> Option<Self>,
    ) -> Option<Self> {
        let inner = match condition {
            Condition::All(inner) | Condition::Any(inner) => {
                let mut sum = Self::default();
                for condition in inner {
                    sum = sum.combine(Self::compute(condition, segment, flag)?);
                }
                sum
            }
            Condition::Not(inner) => Self::compute(inner, segment, flag)?,
            Condition::Segment(id) => segment(*id)?,
            Condition::Flag { key, .. } => flag(*key)?,
            Condition::Test(_) => Self { depth: 0, tests: 1 },
        };
        Some(Self { depth: inner.depth.saturating_add(1), ..inner })
    }

    /// Returns the complexity of evaluating both, one after the other.
    #[must_use]
    pub fn combine(self, other: Self) -> Self {
        Self { depth: self.depth.max(other.depth), tests: self.tests.saturating_add(other.tests) }
    }

    /// Returns whether a bound is exceeded.
    pub fn is_excessive(self) -> bool {
        self.depth > Self::DEPTH || self.tests > Self::TESTS
    }
}
