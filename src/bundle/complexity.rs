//! How much a decision may have to do.
//!
//! Segments and prerequisites are shared, so that a few lines could ask for more steps than there is time,
//! or nest deeper than there is stack. Whatever makes a bundle keeps within these bounds.

use crate::bundle::{Condition, FlagId, SegmentId};

/// What it takes to evaluate a condition, with everything that it refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Weight {
    /// Levels of conditions inside conditions.
    pub depth: u32,
    /// Tests of attributes, if none is left out.
    pub tests: u32,
}

impl Weight {
    /// The deepest that a decision may go.
    pub const DEPTH: u32 = 256;
    /// The most tests that a decision may need.
    pub const TESTS: u32 = 100_000;

    /// The weight of a condition; none if the weight of something that it refers to is not known.
    pub fn of(
        condition: &Condition,
        segment: &impl Fn(SegmentId) -> Option<Self>,
        flag: &impl Fn(FlagId) -> Option<Self>,
    ) -> Option<Self> {
        let inner = match condition {
            Condition::All(inner) | Condition::Any(inner) => {
                let mut sum = Self::default();
                for condition in inner {
                    sum = sum.beside(Self::of(condition, segment, flag)?);
                }
                sum
            }
            Condition::Not(inner) => Self::of(inner, segment, flag)?,
            Condition::Segment(id) => segment(*id)?,
            Condition::Flag { key, .. } => flag(*key)?,
            Condition::Test(_) => Self { depth: 0, tests: 1 },
        };
        Some(Self { depth: inner.depth.saturating_add(1), ..inner })
    }

    /// The weight of both, one after the other.
    #[must_use]
    pub fn beside(self, other: Self) -> Self {
        Self { depth: self.depth.max(other.depth), tests: self.tests.saturating_add(other.tests) }
    }

    /// Whether it is more than a decision may be.
    pub fn excessive(self) -> bool {
        self.depth > Self::DEPTH || self.tests > Self::TESTS
    }
}
