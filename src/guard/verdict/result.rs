//! The verdict with every number that is needed to compute it again.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::guard::evidence::LogE;
use crate::guard::source::{DataProblem, Point, Window};
use crate::guard::verdict::split::PlannedSplit;
use crate::model::{Arms, TestKind};

/// What the metrics say about a rollout.
#[derive(Debug, Clone, PartialEq)]
pub enum GuardVerdict {
    /// The rollout does harm.
    Trip(TripCause),
    /// No harm, enough data, and the stage is old enough.
    Healthy,
    /// No harm so far, and too little data to go on.
    NotEnoughData,
    /// The numbers cannot be trusted.
    DataProblem,
}

impl GuardVerdict {
    /// Returns the name in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Trip(_) => "trip",
            Self::Healthy => "healthy",
            Self::NotEnoughData => "not-enough-data",
            Self::DataProblem => "data-problem",
        }
    }
}

/// Why the guard trips.
#[derive(Debug, Clone, PartialEq)]
pub enum TripCause {
    /// The evidence of all guardrails reaches the threshold. The guardrail has the most evidence.
    Evidence(String),
    /// The values of a guardrail are outside their limits.
    Limit(String),
    /// The numbers cannot be trusted, and `on-source-error` is `trip`.
    DataProblem(String),
    /// The probe did not become healthy in time.
    ProbeTimeout,
}

impl fmt::Display for TripCause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Evidence(name) => {
                write!(formatter, "the evidence of harm reaches the threshold, most of it by {name}")
            }
            Self::Limit(name) => write!(formatter, "{name} is outside its limits"),
            Self::DataProblem(name) => write!(formatter, "{name} has a data problem, which counts as a trip"),
            Self::ProbeTimeout => formatter.write_str("the probe did not become healthy in time"),
        }
    }
}

impl TripCause {
    /// Returns the name of the guardrail, if it is one.
    pub fn guardrail(&self) -> Option<&str> {
        match self {
            Self::Evidence(name) | Self::Limit(name) | Self::DataProblem(name) => Some(name),
            Self::ProbeTimeout => None,
        }
    }
}

/// A verdict with its numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: GuardVerdict,
    /// The arms.
    pub arms: Arms,
    /// The window.
    pub window: Window,
    /// The age of the stage.
    pub age: SignedDuration,
    /// The age that a healthy stage has.
    pub min_duration: SignedDuration,
    /// The probability of a false trip in this stage.
    pub alpha: f64,
    /// The logarithm of the mean of the e-values.
    pub log_e: f64,
    /// The logarithm at which the guard trips.
    pub threshold: f64,
    /// The comparison of the numbers of units.
    pub sample_ratio: SampleRatioResult,
    /// The guardrails, in the order of the definition.
    pub guardrails: Vec<GuardrailResult>,
}

/// The comparison of the numbers of units with the planned split.
#[derive(Debug, Clone, PartialEq)]
pub enum SampleRatioResult {
    /// No source has the numbers.
    NotCompared,
    /// The numbers cannot be compared.
    Problem(DataProblem),
    /// The numbers fit, or they do not.
    Compared {
        /// The planned split.
        planned: PlannedSplit,
        /// The number of units of the treatment.
        treatment: f64,
        /// The number of units of the control.
        control: f64,
        /// The logarithm of the e-value of a mismatch.
        log_e: f64,
        /// The logarithm at which it is a mismatch.
        threshold: f64,
    },
}

impl SampleRatioResult {
    /// Returns the problem, which a mismatch is, too.
    pub fn problem(&self) -> Option<DataProblem> {
        match self {
            Self::NotCompared => None,
            Self::Problem(problem) => Some(problem.clone()),
            Self::Compared { log_e, threshold, .. } => (log_e >= threshold).then_some(DataProblem::SampleRatio),
        }
    }
}

/// The result of one guardrail.
#[derive(Debug, Clone, PartialEq)]
pub struct GuardrailResult {
    /// The name.
    pub name: String,
    /// The test.
    pub test: TestKind,
    /// The last numbers.
    pub last: Option<Point>,
    /// The state.
    pub state: GuardrailState,
    /// The logarithm of the e-value of harm. A test without statistics has none.
    pub log_e: Option<LogE>,
    /// The logarithm of the e-value of health, if `healthy-ratio` asks for it.
    pub health: Option<LogE>,
    /// The evidence over time, the newest last.
    pub looks: Vec<Look>,
}

/// The evidence of one guardrail at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// The end of the window.
    pub end: Timestamp,
    /// The logarithm of the e-value of harm.
    pub log_e: f64,
}

/// The state of a guardrail.
#[derive(Debug, Clone, PartialEq)]
pub enum GuardrailState {
    /// There is enough data, and no sign of harm.
    Fine,
    /// The values are outside the limits.
    Exceeded {
        /// The number of values outside the limits.
        failed: u32,
        /// The number of values.
        measured: u32,
    },
    /// There is too little data.
    TooFew {
        /// The present number.
        found: f64,
        /// The number that is needed.
        needed: f64,
    },
    /// All values are equal, so a difference has no known error.
    NoSpread,
    /// Health is not proven yet.
    NotProvenHealthy,
    /// The numbers cannot be trusted.
    Problem(DataProblem),
}

impl GuardrailState {
    /// Returns the name in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Exceeded { .. } => "exceeded",
            Self::TooFew { .. } => "too-few",
            Self::NoSpread => "no-spread",
            Self::NotProvenHealthy => "not-proven-healthy",
            Self::Problem(_) => "data-problem",
        }
    }
}

impl fmt::Display for GuardrailState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fine => formatter.write_str("no harm detected"),
            Self::Exceeded { failed, measured } => {
                write!(formatter, "{failed} of {measured} values are outside the limits")
            }
            Self::TooFew { found, needed } => write!(formatter, "too few: {found} of {needed}"),
            Self::NoSpread => formatter.write_str("all values are equal, so a difference has no known error"),
            Self::NotProvenHealthy => formatter.write_str("no harm detected, and health is not proven yet"),
            Self::Problem(problem) => write!(formatter, "{}: {problem}", problem.name()),
        }
    }
}
