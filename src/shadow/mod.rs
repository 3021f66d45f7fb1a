//! The report on a dark launch: whether a candidate gives the same answers as the control, from comparison records.
//!
//! - `outcome` says for one record whether both runs agree.
//! - `records` reads comparison records of one flag in one environment, each request once, and sums them in a [`Tally`].
//! - `breakdown` counts by attributes and by the paths at which answers differ.
//! - `latency` compares the durations of pairs.
//! - `report` computes rates, intervals and the verdict from the sums.
//! - `digest` identifies the definition on which a report is based, so that a policy can tell whether a report fits.
//!
//! **Invariant:** a record that contradicts itself is counted as bad, and never as a match or a mismatch.
//! **Invariant:** the memory is bounded, whatever the inputs contain.

mod breakdown;
mod digest;
mod evidence;
mod latency;
mod outcome;
mod records;
mod report;
mod tally;
mod verdict;

pub use crate::shadow::breakdown::{Breakdown, BreakdownEntry};
pub use crate::shadow::digest::definition_digest;
pub use crate::shadow::evidence::{EvidenceError, ShadowEvidence};
pub use crate::shadow::latency::{LatencyComparison, OrderEffect, Quantiles};
pub use crate::shadow::outcome::Outcome;
pub use crate::shadow::records::{ReadError, RecordFilter, read};
pub use crate::shadow::report::{ErrorParity, Excess, MismatchRate, ShadowReport, report};
pub use crate::shadow::tally::{MAX_REQUESTS, OutcomeCounts, Tally};
pub use crate::shadow::verdict::{ShadowReason, ShadowVerdict};
