//! Decides from metrics whether a rollout harms, and what follows.
//!
//! The modules take the numbers of each arm of a rollout, and return the evidence of harm or of health, the verdict on the
//! stage of a flag, and the next state of its breaker. The state is in git: it is the kill file that a guard writes, and the
//! history of this file.
//!
//! **Invariant:** the modules here read no clock. A verdict is a function of the numbers, the settings and
//! a given time.

mod check;
mod decision;
mod error;
pub mod evidence;
mod kill_record;
pub mod simulate;
pub mod source;
pub mod state;
mod step;
mod trips;
pub mod verdict;

pub use crate::guard::check::{Checked, GuardedFlag};
pub use crate::guard::decision::{Decision, decide};
pub use crate::guard::error::GuardError;
pub use crate::guard::source::Assignment;
pub use crate::guard::state::{BreakerState, GUARD, KillState, Transition};
pub use crate::guard::step::{GuardedStep, guarded_flags, planned_step};
pub use crate::guard::trips::{ADVANCE_REASON, DECISION_TRAILER, STATE_TRAILER};
pub use crate::guard::verdict::{
    GuardVerdict, GuardrailResult, GuardrailState, Judgement, Look, PlannedSplit, SampleRatioResult, TripCause,
};
