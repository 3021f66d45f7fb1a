//! The comparison of one metric of a treatment with the control.

use crate::experiment::result::{Measured, ScaledEffect, SmallCounts};
use crate::experiment::settings::AnalysisSettings;
use crate::experiment::sufficient_statistics::{ArmMetric, CovariateData};
use crate::model::{Covariate, MetricKind};
use crate::statistics::effect::Effect;
use crate::statistics::estimate::{
    Adjusted, Estimate, OrderStatistics, adjusted_means, adjusted_ratios, clustered_quantile, mean, quantile, ratio,
    share,
};
use crate::statistics::{Alpha, Proportion, Variable, fisher, newcombe};

/// The number of units in each cell below which the tests of proportions are exact.
const SMALL: f64 = 10.0;
/// The number of units with the rarer outcome up to which the tests are exact.
const MOST: f64 = 2_000.0;

/// Returns the estimate of an arm without adjustment, or `None` with too few units.
pub(super) fn estimate(values: &ArmMetric) -> Option<Estimate> {
    let moments = &values.moments;
    let order = values.quantile.map(|quantile| OrderStatistics {
        level: quantile.level,
        estimate: quantile.estimate,
        lower: quantile.lower,
        upper: quantile.upper,
    });
    match values.kind {
        MetricKind::Mean => mean(moments),
        MetricKind::Proportion => share(moments),
        MetricKind::Ratio => ratio(moments),
        MetricKind::Quantile => quantile(moments.n(), order?),
        MetricKind::EventQuantile => clustered_quantile(moments, order?),
    }
}

/// Compares a treatment with the control. The adjusted p-values are those of the test itself.
///
/// # Errors
/// Returns the reason in words why there is no effect.
pub(super) fn compare(
    treatment: &ArmMetric,
    control: &ArmMetric,
    covariate: Covariate,
    settings: &AnalysisSettings,
) -> Result<Measured, &'static str> {
    let too_few = "an arm has too few units";
    let (mut own, mut other) = (estimate(treatment).ok_or(too_few)?, estimate(control).ok_or(too_few)?);
    let adjusted = if covariate == Covariate::Before { adjusted(treatment, control) } else { None };
    if let Some(adjusted) = adjusted {
        (own, other) = (adjusted.treatment, adjusted.control);
    }
    // One arm without spread makes the error of the difference too small. Proportions have an exact test for this.
    let has_spread = |estimate: &Estimate| estimate.variance > 0.0 || treatment.kind == MetricKind::Proportion;
    let no_spread = "the values of an arm have no spread";
    let absolute = Effect::absolute(&own, &other).filter(|_| has_spread(&own) && has_spread(&other));
    let absolute = absolute.ok_or(no_spread)?;
    let scaled = |effect: Effect| ScaledEffect {
        effect,
        fixed: effect.fixed(settings.alpha),
        always_valid: effect.always_valid(settings.alpha, settings.tuning),
    };
    let absolute = scaled(absolute);
    let small_counts = small_counts(treatment, control, settings.alpha);
    Ok(Measured {
        absolute,
        relative: Effect::relative(&own, &other).map(scaled),
        theta: adjusted.map(|adjusted| adjusted.theta),
        fixed_adjusted: small_counts.map_or(absolute.fixed.p_value, |small| small.p_value),
        always_adjusted: absolute.always_valid.p_value,
        small_counts,
    })
}

/// Adjusts both arms by their covariates, if both have them.
fn adjusted(treatment: &ArmMetric, control: &ArmMetric) -> Option<Adjusted> {
    let is_known = |values: &ArmMetric| matches!(values.covariate, CovariateData::Present { .. });
    if !is_known(treatment) || !is_known(control) {
        return None;
    }
    match treatment.kind {
        MetricKind::Mean => adjusted_means(&treatment.moments, &control.moments),
        MetricKind::Ratio => adjusted_ratios(&treatment.moments, &control.moments),
        MetricKind::Proportion | MetricKind::Quantile | MetricKind::EventQuantile => None,
    }
}

/// Returns the exact results of proportions with fewer than ten units in a cell.
fn small_counts(treatment: &ArmMetric, control: &ArmMetric, alpha: Alpha) -> Option<SmallCounts> {
    if treatment.kind != MetricKind::Proportion {
        return None;
    }
    let counts = |values: &ArmMetric| {
        let n = values.moments.n();
        Proportion::new((n * values.moments.mean(Variable::Value)).round(), n).ok()
    };
    let (own, other) = (counts(treatment)?, counts(control)?);
    let is_small = |arm: Proportion| arm.successes() < SMALL || arm.trials() - arm.successes() < SMALL;
    // The time of the exact test grows with the rarer outcome. If that is frequent, an arm with few is far from the other.
    let successes = own.successes() + other.successes();
    let rarer = successes.min(own.trials() + other.trials() - successes);
    if (!is_small(own) && !is_small(other)) || rarer > MOST {
        return None;
    }
    Some(SmallCounts { p_value: fisher(own, other).ok()?, interval: newcombe(own, other, alpha) })
}
