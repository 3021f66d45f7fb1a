//! Compares the arms of an experiment.
//!
//! The data of an experiment is reduced to [`SufficientStatistics`]: a dozen numbers for each phase, metric and arm. The
//! results are a function of these numbers and of the settings alone, so a warehouse can compute them from data of any size.
//!
//! **Invariant:** the modules here read no clock and no file.

mod statistics_row;
mod statistics_text;
mod sufficient_statistics;

pub use crate::experiment::statistics_text::{COLUMNS, EXPOSURES, read_statistics, write_csv};
pub use crate::experiment::sufficient_statistics::{
    ArmExposures, ArmMetric, CellKey, CovariateData, MetricKind, QuantileEstimate, StatisticsError, Subgroup,
    SufficientStatistics,
};
