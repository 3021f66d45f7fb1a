//! The reasons why events cannot be reduced.

use crate::events::InputError;
use crate::experiment::StatisticsError;
use crate::statistics::InvalidNumber;

/// The reason why events cannot be reduced.
#[derive(Debug, thiserror::Error)]
pub enum ReductionError {
    /// An input cannot be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// There are more units than may be remembered.
    #[error(
        "the exposures have more than {0} units: allow more with `--max-units`, or let a warehouse compute the \
         sufficient statistics for `--stats`"
    )]
    TooManyUnits(usize),
    /// There are more events of a quantile than may be remembered.
    #[error("the metric `{metric}` has more than {limit} events, all of which its quantile needs")]
    TooManyEvents {
        /// The name of the metric.
        metric: String,
        /// The maximum number of events.
        limit: usize,
    },
    /// A value is too large.
    #[error("the metric `{metric}`: {source}")]
    Number {
        /// The name of the metric.
        metric: String,
        /// What is wrong.
        source: InvalidNumber,
    },
    /// The sums contradict each other.
    #[error(transparent)]
    Statistics(#[from] StatisticsError),
}
