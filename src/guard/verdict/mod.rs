//! The verdict on a rollout: from the numbers of a source, the definition of a guard and the age of the stage.
//!
//! The comparison of units comes first, because a mismatch makes all other numbers worthless. Then each guardrail is
//! tested, and the mean of their e-values is compared with the threshold.
//!
//! **Invariant:** a data problem, a missing number or too few events is never healthy.

mod judge;
mod result;
mod split;
mod test;

pub use crate::guard::verdict::judge::{Case, judge};
pub use crate::guard::verdict::result::{
    GuardVerdict, GuardrailResult, GuardrailState, Judgement, Look, SampleRatioResult, TripCause,
};
pub use crate::guard::verdict::split::{PlannedSplit, assignment, planned_split};
pub(super) use crate::guard::verdict::test::tested;
