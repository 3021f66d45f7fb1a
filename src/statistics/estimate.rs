//! What an arm says about a metric: an estimate, and the variance of one unit's contribution to it.
//!
//! All kinds of metrics have the same form, so one comparison serves them all. `variance / n` is the variance of the
//! estimate.

use crate::statistics::Variable::{Covariate, Denominator, DenominatorCovariate, Value};
use crate::statistics::distribution::normal_upper_quantile;
use crate::statistics::joint_moments::{JointMoments, Variable};

/// The estimate of an arm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The number of units.
    pub n: f64,
    /// The estimate: a mean, a share, a ratio or a quantile. With a covariate, it is adjusted.
    pub value: f64,
    /// The estimate without adjustment, to which a relative effect refers.
    pub unadjusted: f64,
    /// The variance of the estimate times `n`.
    pub variance: f64,
    /// The same without adjustment.
    pub unadjusted_variance: f64,
    /// The covariance, times `n`, of the estimate without adjustment and of what the adjustment subtracts. Without
    /// adjustment it is 0.
    pub adjustment_covariance: f64,
}

impl Estimate {
    /// Returns the variance of the estimate.
    pub fn square_error(&self) -> f64 {
        self.variance / self.n
    }

    /// Returns an estimate without adjustment.
    pub fn unadjusted(n: f64, value: f64, variance: f64) -> Self {
        Self { n, value, unadjusted: value, variance, unadjusted_variance: variance, adjustment_covariance: 0.0 }
    }

    /// Returns the estimate after the subtraction of a multiple `theta` of a covariate, of which `mean` is the mean, `variance`
    /// the variance and `covariance` the covariance with the value.
    fn adjusted(self, theta: f64, mean: f64, variance: f64, covariance: f64) -> Self {
        let adjusted = self.variance + theta * theta * variance - 2.0 * theta * covariance;
        Self {
            value: self.value - theta * mean,
            variance: adjusted.max(0.0),
            adjustment_covariance: theta * covariance,
            ..self
        }
    }

    fn new(moments: &JointMoments, value: f64, variance: f64) -> Self {
        // A variance below zero is rounding.
        Self::unadjusted(moments.n(), value, variance.max(0.0))
    }
}

/// Estimates the mean of `y`. It needs two units.
pub fn mean(moments: &JointMoments) -> Option<Estimate> {
    (moments.n() >= 2.0).then(|| Estimate::new(moments, moments.mean(Value), moments.covariance(Value, Value)))
}

/// Estimates a share of units. The variance is `p(1−p)`, without the correction of a sample variance.
pub fn share(moments: &JointMoments) -> Option<Estimate> {
    let share = moments.mean(Value);
    (moments.n() >= 1.0).then(|| Estimate::new(moments, share, share * (1.0 - share)))
}

/// Estimates the ratio of the sums of `y` and `d` by the delta method, which holds if the units are independent, while `y`
/// and `d` of one unit need not be. It needs two units and a sum of `d` above 0.
pub fn ratio(moments: &JointMoments) -> Option<Estimate> {
    let linear = Linearised::new(moments, Value, Denominator)?;
    Some(Estimate::new(moments, linear.ratio, linear.covariance(moments, &linear)))
}

/// A ratio as a linear function of its numerator and denominator, near their means.
#[derive(Debug, Clone, Copy)]
struct Linearised {
    numerator: Variable,
    denominator: Variable,
    ratio: f64,
    scale: f64,
}

impl Linearised {
    fn new(moments: &JointMoments, numerator: Variable, denominator: Variable) -> Option<Self> {
        let scale = moments.mean(denominator);
        let ratio = moments.mean(numerator) / scale;
        (moments.n() >= 2.0 && scale > 0.0 && ratio.is_finite()).then_some(Self {
            numerator,
            denominator,
            ratio,
            scale,
        })
    }

    /// Returns the covariance of the contributions of one unit to two ratios.
    fn covariance(&self, moments: &JointMoments, other: &Self) -> f64 {
        let both = moments.covariance(self.numerator, other.numerator)
            - other.ratio * moments.covariance(self.numerator, other.denominator)
            - self.ratio * moments.covariance(self.denominator, other.numerator)
            + self.ratio * other.ratio * moments.covariance(self.denominator, other.denominator);
        both / (self.scale * other.scale)
    }
}

/// Two arms whose values are adjusted by the values before the first exposure (CUPED), with one coefficient for both.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adjusted {
    /// The coefficient of the covariate.
    pub theta: f64,
    /// The treatment.
    pub treatment: Estimate,
    /// The control.
    pub control: Estimate,
}

/// Adjusts the means of both arms by their covariates. Returns `None` if the covariate has no spread.
pub fn adjusted_means(treatment: &JointMoments, control: &JointMoments) -> Option<Adjusted> {
    let (own, other) = (mean(treatment)?, mean(control)?);
    let mut pooled = *control;
    pooled.merge(treatment);
    let theta = pooled.covariance(Value, Covariate) / pooled.covariance(Covariate, Covariate);
    let adjusted = |moments: &JointMoments, estimate: Estimate| {
        let (variance, covariance) = (moments.covariance(Covariate, Covariate), moments.covariance(Value, Covariate));
        estimate.adjusted(theta, moments.mean(Covariate), variance, covariance)
    };
    let result = Adjusted { theta, treatment: adjusted(treatment, own), control: adjusted(control, other) };
    theta.is_finite().then_some(result)
}

/// Adjusts the ratios of both arms by the ratios of their covariates, both near the means of both arms together. Returns
/// `None` if the ratio of the covariates has no spread or no denominator.
pub fn adjusted_ratios(treatment: &JointMoments, control: &JointMoments) -> Option<Adjusted> {
    let mut pooled = *control;
    pooled.merge(treatment);
    let after = Linearised::new(&pooled, Value, Denominator)?;
    let before = Linearised::new(&pooled, Covariate, DenominatorCovariate)?;
    let theta = after.covariance(&pooled, &before) / before.covariance(&pooled, &before);
    let adjusted = |moments: &JointMoments| {
        let estimate = ratio(moments)?;
        let own = Linearised::new(moments, Value, Denominator)?;
        let past = Linearised::new(moments, Covariate, DenominatorCovariate)?;
        let (variance, covariance) = (past.covariance(moments, &past), own.covariance(moments, &past));
        Some(estimate.adjusted(theta, past.ratio, variance, covariance))
    };
    let result = Adjusted { theta, treatment: adjusted(treatment)?, control: adjusted(control)? };
    theta.is_finite().then_some(result)
}

/// A quantile, and two order statistics of the values of which it is one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OrderStatistics {
    /// The level, above 0 and below 1.
    pub level: f64,
    /// The quantile.
    pub estimate: f64,
    /// The lower order statistic.
    pub lower: f64,
    /// The upper order statistic.
    pub upper: f64,
}

/// The two-sided coverage for which the order statistics of a quantile are taken.
const ORDER_STATISTICS_TAIL: f64 = 0.025;

/// Returns the smallest number of values from which a quantile has a standard error.
pub fn fewest_values(level: f64) -> f64 {
    (4.0 * level / (1.0 - level)).max(4.0 * (1.0 - level) / level).ceil()
}

/// Returns the ranks, counted from one, of a quantile among `count` values in ascending order: that of the lower order
/// statistic, of the quantile, and of the upper order statistic.
pub fn quantile_ranks(count: f64, level: f64) -> [f64; 3] {
    let z = normal_upper_quantile(ORDER_STATISTICS_TAIL);
    let half = z * (level * (1.0 - level) / count).sqrt();
    let inside = |rank: f64| rank.clamp(1.0, count.max(1.0));
    let (lower, upper) = ((count * (level - half)).floor(), (count * (level + half)).ceil());
    [inside(lower), inside((count * level).ceil()), inside(upper)]
}

/// Estimates a quantile of values of units, which are independent. Returns `None` with too few units.
pub fn quantile(n: f64, order: OrderStatistics) -> Option<Estimate> {
    let z = normal_upper_quantile(ORDER_STATISTICS_TAIL);
    let error = (order.upper - order.lower) / (2.0 * z);
    // The divisor is that of a sample variance, as GrowthBook has it.
    let variance = error * error * (n - 1.0);
    (n >= fewest_values(order.level)).then(|| Estimate::unadjusted(n, order.estimate, variance))
}

/// Estimates a quantile of values of events, of which a unit may have several. `y` is the number of the unit's values at or
/// below the quantile, and `d` the number of its values. Returns `None` with too few values.
pub fn clustered_quantile(moments: &JointMoments, order: OrderStatistics) -> Option<Estimate> {
    let events = moments.n() * moments.mean(Denominator);
    let independent = quantile(events, order)?;
    // The share of values below the quantile is a ratio metric. Its variance says how much the values of one unit belong
    // together.
    let shares = ratio(moments)?;
    let factor = shares.square_error() / (order.level * (1.0 - order.level) / events);
    let variance = independent.square_error() * factor * moments.n();
    Some(Estimate::unadjusted(moments.n(), independent.value, variance))
}
