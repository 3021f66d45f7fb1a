//! Compares the arms of an experiment.
//!
//! The data of an experiment is reduced to [`SufficientStatistics`]: a dozen numbers for each phase, metric and arm. The
//! results are a function of these numbers and of the settings alone, so a warehouse can compute them from data of any size.
//!
//! **Invariant:** the modules here read no clock and no file.

mod analyze;
mod comparison;
mod planned;
mod power;
mod quality;
mod result;
mod settings;
mod statistics_row;
mod statistics_text;
mod sufficient_statistics;
mod verdict;

pub use crate::experiment::analyze::{UntrustedEffects, analyze};
pub use crate::experiment::planned::{ExperimentState, experiment_state, planned_weights};
pub use crate::experiment::power::{Baseline, PowerQuestion};
pub use crate::experiment::result::{
    Analysis, Answer, ArmEffect, ArmValue, Fit, Measured, MetricResult, PhaseResult, SampleRatio, ScaledEffect,
    SmallCounts, Verdict,
};
pub use crate::experiment::settings::{AnalysisSettings, MetricOrigin, MetricSettings};
pub use crate::experiment::statistics_text::{COLUMNS, EXPOSURES, read_statistics, write_csv};
pub use crate::experiment::sufficient_statistics::{
    ArmExposures, ArmMetric, CellKey, CovariateData, QuantileEstimate, StatisticsError, Subgroup, SufficientStatistics,
};
