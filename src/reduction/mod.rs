//! Reduces the events of an experiment to sufficient statistics, or to the numbers of guardrails.
//!
//! The module takes exposures and metric events, the phases of the flag, and the metrics. It returns the sums of each phase,
//! arm and metric, from which all results are computed.
//!
//! 1. Exposures of the flag in the environment whose variant is random give each unit its first exposure in each phase:
//!    the time `t0` and the arm. A unit that was seen in a second arm of a phase is counted and is in no metric.
//! 2. A metric event of a unit counts if it is in the window after `t0`, or in the time before `t0` for the covariate.
//! 3. Units whose window is not over are in no metric. Values are cut at the same cap in all arms.
//!
//! All exposures are read before the first metric event. A unit takes 28 bytes, 17 in the index, and 16 for each value of a
//! metric.
//!
//! **Invariant:** units of different phases are never added together.
//! **Invariant:** the memory is bounded by the maximum number of units.

mod cell;
mod error;
mod guardrails;
mod index;
mod metric;
mod quantile;
mod reduce;
mod settings;
mod summarize;
mod unit_values;
mod units;

pub use crate::reduction::error::ReductionError;
pub use crate::reduction::guardrails::{EventMetrics, guardrail_metrics, unusable_events};
pub use crate::reduction::reduce::{CLOCK_TOLERANCE, Ignored, Reduced, Reduction};
pub use crate::reduction::settings::{CountedReasons, Immature, MetricPlan, PhasePlan, ReductionSettings, ValueSource};
