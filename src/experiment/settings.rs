//! What an analysis compares: the definition of the flag, with the metrics that the command line adds.

use crate::bundle::Percent;
use crate::experiment::planned::ExperimentState;
use crate::model::{Better, Covariate, Experiment, ExperimentArms, MetricKind, MetricRole};
use crate::statistics::{Alpha, InvalidNumber};

/// The settings of an analysis.
#[derive(Debug, Clone, PartialEq)]
pub struct AnalysisSettings {
    /// The key of the flag.
    pub flag: String,
    /// The arms.
    pub arms: ExperimentArms,
    /// The planned shares of the control and of the treatments, as weights, where the statistics have none.
    pub planned: Result<Vec<(String, f64)>, &'static str>,
    /// Whether the definition still serves the arms at random.
    pub state: ExperimentState,
    /// The probability that any primary metric seems to differ while none does.
    pub alpha: Alpha,
    /// The number of units at which an always-valid interval is narrowest.
    pub tuning: f64,
    /// The number of units of each arm below which there is no verdict.
    pub min_units: f64,
    /// The share of units in several arms above which the data is broken.
    pub max_multiple: f64,
    /// The probability of a false mismatch of the numbers of units.
    pub srm_alpha: Alpha,
    /// The metrics, in the order of the definition.
    pub metrics: Vec<MetricSettings>,
}

/// The settings of a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricSettings {
    /// The name.
    pub name: String,
    /// What the metric decides.
    pub role: MetricRole,
    /// The kind, or `None` if the statistics say it.
    pub kind: Option<MetricKind>,
    /// The direction in which the metric improves.
    pub better: Better,
    /// The smallest relative effect that matters, or for a guardrail the largest relative loss that is accepted.
    pub min_effect: Option<f64>,
    /// Whether the values before the first exposure reduce the variance.
    pub covariate: Covariate,
    /// Whether the definition of the flag has the metric.
    pub origin: MetricOrigin,
}

/// Where a metric comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricOrigin {
    /// The definition of the flag.
    Definition,
    /// The command line.
    CommandLine,
    /// Only the statistics.
    Statistics,
}

impl AnalysisSettings {
    /// Returns the settings of a definition.
    ///
    /// # Errors
    /// Returns [`InvalidNumber`] if a probability is outside its bounds, which the model refuses.
    pub fn new(
        flag: &str,
        experiment: &Experiment,
        arms: ExperimentArms,
        planned: Result<Vec<(String, f64)>, &'static str>,
        state: ExperimentState,
    ) -> Result<Self, InvalidNumber> {
        let metrics = experiment.metrics.iter().map(|metric| MetricSettings {
            name: metric.name.value.clone(),
            role: metric.role,
            kind: Some(metric.kind),
            better: metric.better,
            min_effect: metric.min_effect.map(share),
            covariate: metric.covariate,
            origin: MetricOrigin::Definition,
        });
        Ok(Self {
            flag: flag.to_owned(),
            arms,
            planned,
            state,
            alpha: Alpha::new(experiment.alpha)?,
            tuning: experiment.tuning,
            min_units: experiment.min_units.into(),
            max_multiple: share(experiment.max_multiple),
            srm_alpha: Alpha::new(experiment.srm_alpha)?,
            metrics: metrics.collect(),
        })
    }

    /// Gives a role to a metric, which the definition may have or not have.
    pub fn set_role(&mut self, name: &str, role: MetricRole) {
        match self.metrics.iter_mut().find(|metric| metric.name == name) {
            Some(metric) => metric.role = role,
            None => self.metrics.push(MetricSettings {
                role,
                origin: MetricOrigin::CommandLine,
                ..MetricSettings::undefined(name)
            }),
        }
    }
}

impl MetricSettings {
    /// Returns the settings of a metric that only the statistics have.
    pub(super) fn undefined(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            role: MetricRole::Secondary,
            kind: None,
            better: Better::Increase,
            min_effect: None,
            covariate: Covariate::Before,
            origin: MetricOrigin::Statistics,
        }
    }
}

/// Returns a percentage as a number from 0 to 1.
fn share(percent: Percent) -> f64 {
    f64::from(percent.buckets()) / f64::from(Percent::ALL.buckets())
}
