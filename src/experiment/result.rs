//! The results of an experiment.

use crate::experiment::settings::MetricOrigin;
use crate::experiment::sufficient_statistics::{ArmExposures, Subgroup};
use crate::model::{Better, MetricKind, MetricRole};
use crate::statistics::Interval;
use crate::statistics::effect::{Effect, Inference};
use crate::statistics::sample_ratio::ChiSquared;

/// The results of all phases, of which the last decides.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// The phases in the order of time. They are never added together, because their populations differ.
    pub phases: Vec<PhaseResult>,
    /// The verdict on the last phase.
    pub verdict: Verdict,
}

/// The results of a phase.
#[derive(Debug, Clone, PartialEq)]
pub struct PhaseResult {
    /// The name of the phase.
    pub name: String,
    /// The units of the arms, the control first.
    pub units: Vec<(String, ArmExposures)>,
    /// The comparison of the numbers of units with the planned split.
    pub sample_ratio: SampleRatio,
    /// The share of units that were seen in several arms.
    pub multiple: f64,
    /// What is wrong with the data, in words. No effect is shown if there is something, unless the caller insists.
    pub problems: Vec<String>,
    /// The metrics of all units.
    pub metrics: Vec<MetricResult>,
    /// The metrics of parts of the units.
    pub subgroups: Vec<(Subgroup, Vec<MetricResult>)>,
}

/// The comparison of the numbers of units with the planned split.
#[derive(Debug, Clone, PartialEq)]
pub enum SampleRatio {
    /// It was not made.
    NotCompared(String),
    /// It was made.
    Compared {
        /// The planned shares of the arms, in the order of the units, with the sum 1.
        planned: Vec<f64>,
        /// The test that is valid for one look.
        once: ChiSquared,
        /// The natural logarithm of the evidence that is valid however often one looks.
        log_e: f64,
        /// The logarithm at which the evidence is a mismatch.
        threshold: f64,
        /// Whether one of the two tests finds a mismatch.
        fit: Fit,
    },
}

/// Whether numbers of units fit the planned split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// They do.
    Fits,
    /// They do not.
    Mismatch,
}

/// The results of a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricResult {
    /// The name.
    pub name: String,
    /// What the metric decides.
    pub role: MetricRole,
    /// The kind.
    pub kind: MetricKind,
    /// The direction in which the metric improves.
    pub better: Better,
    /// The smallest relative effect that matters.
    pub min_effect: Option<f64>,
    /// Where the metric comes from.
    pub origin: MetricOrigin,
    /// The arms, the control first.
    pub arms: Vec<ArmValue>,
    /// The effects of the treatments.
    pub effects: Vec<ArmEffect>,
}

/// The value of a metric in an arm.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmValue {
    /// The arm.
    pub arm: String,
    /// The number of units in the metric.
    pub n: f64,
    /// The value without adjustment, or `None` if there are too few units.
    pub value: Option<f64>,
    /// The number of units whose value was cut.
    pub capped: f64,
    /// The number of units without data before their first exposure, if the covariate is known.
    pub missing: Option<f64>,
}

/// The effect of a treatment on a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmEffect {
    /// The treatment.
    pub treatment: String,
    /// The effect, or why there is none.
    pub outcome: Result<Measured, &'static str>,
}

/// An effect with its intervals.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// The effect in the unit of the metric.
    pub absolute: ScaledEffect,
    /// The effect relative to the control, or `None` if the control is too near to zero.
    pub relative: Option<ScaledEffect>,
    /// The coefficient of the covariate, if it adjusted the effect.
    pub theta: Option<f64>,
    /// The adjusted p-value that is valid for one look.
    pub fixed_adjusted: f64,
    /// The adjusted p-value that is valid however often one looks.
    pub always_adjusted: f64,
    /// The exact test and the interval for small counts, of proportions with fewer than ten units in a cell.
    pub small_counts: Option<SmallCounts>,
}

/// The exact results for small counts. They are valid for one look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SmallCounts {
    /// The p-value of Fisher's exact test.
    pub p_value: f64,
    /// The interval of Newcombe for the absolute effect.
    pub interval: Interval,
}

/// An effect on one scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScaledEffect {
    /// The effect.
    pub effect: Effect,
    /// The interval and p-value that are valid at the planned end only.
    pub fixed: Inference,
    /// The interval and p-value that are valid however often one looks.
    pub always_valid: Inference,
}

/// What the results mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The answer.
    pub answer: Answer,
    /// The treatment that the answer is about, if it is about one.
    pub treatment: Option<String>,
    /// The reasons, in words.
    pub reasons: Vec<String>,
}

/// The answer of an experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// A treatment is better, and no guardrail speaks against it.
    Ship,
    /// No treatment is to be shipped: each does harm, or has no effect that matters.
    Stop,
    /// The data does not answer yet.
    KeepRunning,
    /// The flag does not serve the variants at random: the experiment did not begin, or is over.
    NotRunning,
    /// The data cannot be trusted.
    Broken,
}

impl Answer {
    /// Returns the name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ship => "ship",
            Self::Stop => "stop",
            Self::KeepRunning => "keep-running",
            Self::NotRunning => "not-running",
            Self::Broken => "broken",
        }
    }
}
