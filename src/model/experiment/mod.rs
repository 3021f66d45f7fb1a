//! The experiment of a flag in written form: which arms are compared, in which metrics, and when the answer is final.

mod definition;
mod metric;

pub use crate::model::experiment::definition::{Experiment, ExperimentArms};
pub use crate::model::experiment::metric::{
    Aggregate, Better, Covariate, Denominator, ExperimentMetric, MetricKind, MetricRole, WrittenCap,
};
