//! What is reduced, and how.

use jiff::{SignedDuration, Timestamp};

use crate::model::{Aggregate, Covariate, MetricKind, WrittenCap};

/// What is reduced, and how.
#[derive(Debug, Clone)]
pub struct ReductionSettings {
    /// The key of the flag.
    pub flag: String,
    /// The environment.
    pub environment: String,
    /// The variants that are compared. The list has at most 255.
    pub arms: Vec<String>,
    /// All variants of the flag.
    pub variants: Vec<String>,
    /// The phases in the order of time. The list is not empty.
    pub phases: Vec<PhasePlan>,
    /// The time of the first exposure that counts, or `None` for all.
    pub from: Option<Timestamp>,
    /// The time to which the events are complete. Without it, the time of the last event.
    pub until: Option<Timestamp>,
    /// The present.
    pub now: Timestamp,
    /// The time before the first exposure in which events are the covariate.
    pub lookback: SignedDuration,
    /// The reasons of exposures that count.
    pub reasons: CountedReasons,
    /// Whether units count whose window is not over.
    pub immature: Immature,
    /// The metrics.
    pub metrics: Vec<MetricPlan>,
    /// The attributes by whose values the units are divided.
    pub dimensions: Vec<String>,
    /// The maximum number of units, counted once in each phase.
    pub max_units: usize,
}

/// A period in which the population and the split of a flag do not change.
#[derive(Debug, Clone, PartialEq)]
pub struct PhasePlan {
    /// Its name.
    pub name: String,
    /// Its start. It ends where the next one starts.
    pub start: Timestamp,
    /// The number of its first entry in the published log, if there is one.
    pub sequence: Option<u64>,
    /// The planned shares of arms.
    pub planned: Vec<(String, f64)>,
}

/// The reasons of exposures that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountedReasons {
    /// A split or a rollout decided, so the variant is random.
    Random,
    /// Any decision of the flag.
    Decided,
}

/// Whether units count whose window is not over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Immature {
    /// They are in no metric.
    Excluded,
    /// They count as they are.
    Kept,
}

/// A metric.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricPlan {
    /// The name.
    pub name: String,
    /// The kind.
    pub kind: MetricKind,
    /// The value of a unit.
    pub value: ValueSource,
    /// The denominator of a ratio.
    pub denominator: Option<ValueSource>,
    /// The level of a quantile.
    pub level: Option<f64>,
    /// Where values are cut.
    pub cap: Option<WrittenCap>,
    /// The time after the first exposure in which events count.
    pub window: SignedDuration,
    /// Whether the values before the first exposure are needed.
    pub covariate: Covariate,
}

/// Which events become a value of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueSource {
    /// The name of the events.
    pub event: String,
    /// How the values of the events become one value.
    pub aggregate: Aggregate,
}
