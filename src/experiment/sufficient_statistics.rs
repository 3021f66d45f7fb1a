//! The numbers to which the data of an experiment is reduced, and from which all results are computed.
//!
//! They are in cells: one for each flag, phase, subgroup, metric and arm, and one for the units of each flag, phase, subgroup
//! and arm. A *phase* is a period in which the population and the split of the flag do not change, so cells of different
//! phases are never added together. A *subgroup* is a part of the units of a phase, for example those with `country` `DE`.

use std::collections::BTreeMap;

use crate::model::MetricKind;
use crate::statistics::{InvalidNumber, JointMoments, amount, bounded, whole};

/// Which cell a number belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CellKey {
    /// The key of the flag.
    pub flag: String,
    /// The name of the phase, for example the short id of the commit that began it.
    pub phase: String,
    /// The part of the units, or `None` for all units of the phase.
    pub subgroup: Option<Subgroup>,
    /// The name of the variant.
    pub arm: String,
}

/// A part of the units of a phase.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subgroup {
    /// The name of the attribute, for example `country`.
    pub dimension: String,
    /// The value of the attribute, for example `DE`.
    pub level: String,
}

/// The units of an arm.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ArmExposures {
    /// The number of units whose first exposure in the phase is in the arm, without units that were seen in several arms.
    /// Units whose window is not over are included. A whole number from 0 to 1e15.
    pub units: f64,
    /// The number of units whose first exposure in the phase is in the arm, and that were seen in another arm as well. They
    /// are in no metric. A whole number from 0 to 1e15.
    pub multiple: f64,
    /// The number of `units` that are in no metric because their window is not over. A whole number, at most `units`.
    pub immature: f64,
    /// The planned share of the arm among the arms of the phase, above 0 and at most 1, or `None` if it is not known. The
    /// shares of the arms need not have the sum 1: they are weights.
    pub planned: Option<f64>,
}

/// The values of the units of an arm in one metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ArmMetric {
    /// The kind of the metric, the same in all arms.
    pub kind: MetricKind,
    /// The moments of the values of each unit: `y`, `x`, `d` and `e`.
    pub moments: JointMoments,
    /// Whether the values before the first exposure, `x` and `e`, are known.
    pub covariate: CovariateData,
    /// The number of units whose value was cut at the cap of the metric. A whole number from 0 to `n`.
    pub capped: f64,
    /// The quantile of the arm, for the two kinds of quantiles.
    pub quantile: Option<QuantileEstimate>,
}

/// What is known of the units before their first exposure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CovariateData {
    /// Nothing: all `x` and `e` are 0 and are not used.
    Absent,
    /// `x` is known, and for ratio metrics also `e`.
    Present {
        /// The number of units without data before their first exposure. Their `x` is 0. A whole number from 0 to `n`.
        missing: f64,
    },
}

/// A quantile of an arm, with the order statistics from which its standard error is computed.
///
/// With `m` values (units, or events for [`MetricKind::EventQuantile`]) in ascending order, the estimate is the value at the
/// rank `⌈m·level⌉`. `lower` and `upper` are the values at the ranks `⌊m(level − z·s)⌋` and `⌈m(level + z·s)⌉`, both at least
/// 1 and at most `m`, with `s = sqrt(level·(1 − level)/m)` and `z` = 1.959963984540054, the 97.5 % quantile of the standard
/// normal distribution. The standard error for independent values is `(upper − lower)/(2z)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QuantileEstimate {
    /// The level ν, above 0 and below 1. 0.5 is the median.
    pub level: f64,
    /// The quantile.
    pub estimate: f64,
    /// The lower order statistic, at most the estimate.
    pub lower: f64,
    /// The upper order statistic, at least the estimate.
    pub upper: f64,
}

/// The reason why a cell is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StatisticsError {
    /// A number cannot be right.
    #[error("{0}")]
    Number(#[from] InvalidNumber),
    /// Numbers contradict each other.
    #[error("{0}")]
    Contradiction(&'static str),
    /// The cell exists already.
    #[error("two rows for the arm `{arm}` and `{metric}` in one phase: add them together first")]
    Duplicate {
        /// The name of the variant.
        arm: String,
        /// The name of the metric.
        metric: String,
    },
    /// The arms of a metric have different kinds.
    #[error("`{metric}` is of the kind `{}` here and `{}` in another row", .found.name(), .other.name())]
    Kind {
        /// The name of the metric.
        metric: String,
        /// The kind of the row.
        found: MetricKind,
        /// The kind of a row before.
        other: MetricKind,
    },
}

/// The sufficient statistics of experiments.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SufficientStatistics {
    exposures: BTreeMap<CellKey, ArmExposures>,
    metrics: BTreeMap<(CellKey, String), ArmMetric>,
    kinds: BTreeMap<(String, String), MetricKind>,
    /// The phases, each with the number of those that were added before it.
    phases: BTreeMap<String, usize>,
}

impl SufficientStatistics {
    /// Sets the units of an arm.
    ///
    /// # Errors
    /// Returns [`StatisticsError`] if a number is not a count, if a planned share is not above 0 and at most 1, or if the arm
    /// has units already.
    pub fn add_exposures(&mut self, key: CellKey, exposures: ArmExposures) -> Result<(), StatisticsError> {
        let (units, immature) = (whole("n", exposures.units)?, whole("immature", exposures.immature)?);
        whole("multiple", exposures.multiple)?;
        if immature > units {
            return Err(StatisticsError::Contradiction("more units are immature than there are units"));
        }
        if let Some(planned) = exposures.planned
            && !(amount("planned", planned)? > 1e-9 && planned <= 1.0)
        {
            return Err(StatisticsError::Contradiction("`planned` is not a share above 0 and at most 1"));
        }
        if self.exposures.contains_key(&key) {
            return Err(StatisticsError::Duplicate { arm: key.arm, metric: "exposures".to_owned() });
        }
        self.add_phase(&key.phase);
        self.exposures.insert(key, exposures);
        Ok(())
    }

    /// Sets the values of an arm in a metric.
    ///
    /// # Errors
    /// Returns [`StatisticsError`] if numbers contradict each other, if another arm has the metric with another kind, or if
    /// the arm has the metric already.
    pub fn add_metric(&mut self, key: CellKey, metric: &str, values: ArmMetric) -> Result<(), StatisticsError> {
        values.check()?;
        let kind = self.kinds.entry((key.flag.clone(), metric.to_owned())).or_insert(values.kind);
        if *kind != values.kind {
            return Err(StatisticsError::Kind { metric: metric.to_owned(), found: values.kind, other: *kind });
        }
        let key = (key, metric.to_owned());
        if self.metrics.contains_key(&key) {
            return Err(StatisticsError::Duplicate { arm: key.0.arm, metric: key.1 });
        }
        self.add_phase(&key.0.phase);
        self.metrics.insert(key, values);
        Ok(())
    }

    fn add_phase(&mut self, phase: &str) {
        if !self.phases.contains_key(phase) {
            self.phases.insert(phase.to_owned(), self.phases.len());
        }
    }

    /// Returns the names of the phases in the order in which they were added, which is that of time.
    pub fn phases(&self) -> impl Iterator<Item = &str> {
        let mut phases: Vec<(&String, &usize)> = self.phases.iter().collect();
        phases.sort_by_key(|(_, index)| **index);
        phases.into_iter().map(|(name, _)| name.as_str())
    }

    /// Returns the units of all arms, in the order of their keys.
    pub fn exposures(&self) -> impl Iterator<Item = (&CellKey, &ArmExposures)> {
        self.exposures.iter()
    }

    /// Returns the values of all arms in all metrics, with the names of the metrics, in the order of their keys.
    pub fn metrics(&self) -> impl Iterator<Item = (&CellKey, &str, &ArmMetric)> {
        self.metrics.iter().map(|((key, metric), values)| (key, metric.as_str(), values))
    }
}

impl ArmMetric {
    /// Checks that the numbers do not contradict each other.
    fn check(&self) -> Result<(), StatisticsError> {
        use crate::statistics::Variable::{Denominator, Value};
        let n = whole("n", self.moments.n())?;
        if whole("capped", self.capped)? > n {
            return Err(StatisticsError::Contradiction("more units are capped than there are units"));
        }
        if let CovariateData::Present { missing } = self.covariate
            && whole("missing", missing)? > n
        {
            return Err(StatisticsError::Contradiction("more units have no covariate than there are units"));
        }
        let mean = self.moments.mean(Value);
        let is_share = (0.0..=1.0).contains(&mean);
        if matches!(self.kind, MetricKind::Proportion | MetricKind::Quantile) && !is_share {
            return Err(StatisticsError::Contradiction(
                "the sum of `y`, which is 0 or 1 for each unit, is not from 0 to `n`",
            ));
        }
        if self.kind == MetricKind::EventQuantile && !(0.0..=self.moments.mean(Denominator)).contains(&mean) {
            return Err(StatisticsError::Contradiction(
                "the sum of `y`, a part of the events `d`, is not from 0 to their sum",
            ));
        }
        match (self.kind, self.quantile) {
            (MetricKind::Quantile | MetricKind::EventQuantile, None) => {
                Err(StatisticsError::Contradiction("a quantile needs `level`, `quantile`, `lower` and `upper`"))
            }
            (MetricKind::Quantile | MetricKind::EventQuantile, Some(quantile)) => quantile.check(),
            (_, Some(_)) => {
                Err(StatisticsError::Contradiction("only quantiles have `level`, `quantile`, `lower` and `upper`"))
            }
            (_, None) => Ok(()),
        }
    }
}

impl QuantileEstimate {
    fn check(&self) -> Result<(), StatisticsError> {
        let largest = crate::statistics::LARGEST;
        for (what, value) in [("quantile", self.estimate), ("lower", self.lower), ("upper", self.upper)] {
            bounded(what, value, largest)?;
        }
        if !(bounded("level", self.level, 1.0)? > 0.0 && self.level < 1.0) {
            return Err(StatisticsError::Contradiction("`level` is not above 0 and below 1"));
        }
        if !(self.lower <= self.estimate && self.estimate <= self.upper) {
            return Err(StatisticsError::Contradiction("`quantile` is not from `lower` to `upper`"));
        }
        Ok(())
    }
}
