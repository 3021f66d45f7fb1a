//! The policy of a change: whether it goes further or faster than `flagctl.yaml` of its base allows.
//!
//! The module takes the base of a change, the state after it, the commits between them and a time. It returns a
//! [`PolicyVerdict`]: the changes that were judged, and a [`Refusal`] for each rule that a change breaks.
//!
//! - `comparison` compares both states, and `identity` recognises a flag that was renamed.
//! - `growth` measures steps: the growth of shares within unchanged conditions, and new or changed conditions.
//! - `weights` estimates the size of a new condition from declared shares of attribute values.
//! - `containment` proves that an environment serves nothing that another one does not serve.
//! - `restoration` proves that a revival restores what was before the kill.
//! - `first_serving` requires a report before a candidate that runs in the dark is served.
//! - `range` reads the trailers and signatures of commits.
//! - `judge` applies the rules.
//!
//! **Invariant:** the policy, the kind of an existing flag and its identity are those of the base, so a change cannot lift
//! its own limits.
//! **Invariant:** an unknown effect is refused, and an unreadable clock is an error. Neither is ever allowed by default.
//! **Invariant:** a change that only shrinks or kills is allowed at any time.

mod comparison;
mod containment;
mod error;
mod first_serving;
mod growth;
mod identity;
mod judge;
mod range;
mod restoration;
mod verdict;
mod weights;

pub use crate::policy::comparison::{FlagChange, PolicyComparison};
pub use crate::policy::error::PolicyError;
pub use crate::policy::first_serving::ShadowProblem;
pub use crate::policy::judge::{Evidence, StageSource, judge, soak_end};
pub use crate::policy::range::{CommitRange, RangeDetails};
pub use crate::policy::verdict::{
    ContainmentProblem, Judged, NewConditionSize, PolicyVerdict, Problem, Refusal, SizeSource, SoakState,
};
