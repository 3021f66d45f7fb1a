//! The comparison of durations: the candidate's with the control's in the same request.

use crate::events::Order;
use crate::statistics::distribution::t_upper_quantile;
use crate::statistics::{Interval, Moments};

/// The durations of both runs of a request, in milliseconds above zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Durations {
    pub(super) control: f64,
    pub(super) candidate: f64,
    pub(super) order: Option<Order>,
}

/// How much slower the candidate is.
#[derive(Debug, Clone, PartialEq)]
pub struct LatencyComparison {
    /// The number of pairs.
    pub pairs: usize,
    /// The number of pairs in which both runs succeeded, without two durations above zero.
    pub without_duration: u64,
    /// The geometric mean of the ratios of the candidate's duration to the control's.
    pub ratio: f64,
    /// The 95% interval of the ratio.
    pub interval: Interval,
    /// The durations of the control.
    pub control: Quantiles,
    /// The durations of the candidate.
    pub candidate: Quantiles,
    /// How the ratio depends on which run is the first, if both orders occur.
    pub order: Option<OrderEffect>,
}

/// Quantiles of durations in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantiles {
    /// The median.
    pub p50: f64,
    /// The duration that 95% do not exceed.
    pub p95: f64,
    /// The duration that 99% do not exceed.
    pub p99: f64,
}

/// How the ratio depends on which run is the first. The first run often fills a cache for the second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OrderEffect {
    /// The number of pairs in which the control ran first.
    pub control_first: u64,
    /// The number of pairs in which the candidate ran first.
    pub candidate_first: u64,
    /// The ratio where the candidate ran first, divided by the ratio where the control ran first.
    pub ratio: f64,
    /// The 95% interval of this quotient.
    pub interval: Interval,
}

impl OrderEffect {
    /// Returns whether the interval excludes that the order makes no difference.
    pub fn is_clear(&self) -> bool {
        self.interval.lower > 1.0 || self.interval.upper < 1.0
    }
}

/// The probability with which an interval of 95% has an end below its parameter, and above it.
const TAIL: f64 = 0.025;

impl LatencyComparison {
    /// Compares durations. Returns `None` for fewer than two pairs.
    pub(super) fn of(durations: &[Durations], without_duration: u64) -> Option<Self> {
        let ratio = moments(durations.iter());
        let error = ratio.variance_of_mean()?.sqrt();
        let margin = t_upper_quantile(TAIL, ratio.n() - 1.0) * error;
        Some(Self {
            pairs: durations.len(),
            without_duration,
            ratio: ratio.mean().exp(),
            interval: around(ratio.mean(), margin),
            control: Quantiles::of(durations.iter().map(|pair| pair.control).collect()),
            candidate: Quantiles::of(durations.iter().map(|pair| pair.candidate).collect()),
            order: OrderEffect::of(durations),
        })
    }
}

impl OrderEffect {
    /// Compares both orders by Welch's test.
    fn of(durations: &[Durations]) -> Option<Self> {
        let of = |order| moments(durations.iter().filter(|pair| pair.order == Some(order)));
        let (control_first, candidate_first) = (of(Order::ControlFirst), of(Order::CandidateFirst));
        let variances = [control_first.variance_of_mean()?, candidate_first.variance_of_mean()?];
        let [first, second] = variances;
        let sum = first + second;
        let degrees =
            sum * sum / (first * first / (control_first.n() - 1.0) + second * second / (candidate_first.n() - 1.0));
        let margin = if sum > 0.0 { t_upper_quantile(TAIL, degrees) * sum.sqrt() } else { 0.0 };
        let difference = candidate_first.mean() - control_first.mean();
        Some(Self {
            control_first: count(durations, Order::ControlFirst),
            candidate_first: count(durations, Order::CandidateFirst),
            ratio: difference.exp(),
            interval: around(difference, margin),
        })
    }
}

impl Quantiles {
    /// Computes quantiles, with linear interpolation between two durations.
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |share: (usize, usize)| {
            let position = values.len().saturating_sub(1) * share.0;
            let (index, rest) = (position / share.1, position % share.1);
            let value = |index: usize| values.get(index).or(values.last()).copied().unwrap_or_default();
            #[allow(clippy::cast_precision_loss, reason = "both numbers are at most 100")]
            let fraction = rest as f64 / share.1 as f64;
            value(index) + (value(index + 1) - value(index)) * fraction
        };
        Self { p50: at((50, 100)), p95: at((95, 100)), p99: at((99, 100)) }
    }
}

/// Returns the interval of a ratio around its logarithm.
fn around(mean: f64, margin: f64) -> Interval {
    Interval { lower: (mean - margin).exp(), upper: (mean + margin).exp() }
}

/// Returns the moments of the logarithms of the ratios.
fn moments<'d>(durations: impl Iterator<Item = &'d Durations>) -> Moments {
    let mut moments = Moments::default();
    durations.for_each(|pair| moments.push(pair.candidate.ln() - pair.control.ln()));
    moments
}

fn count(durations: &[Durations], order: Order) -> u64 {
    durations.iter().filter(|pair| pair.order == Some(order)).count() as u64
}

#[cfg(test)]
mod tests {
    use super::{Durations, LatencyComparison};
    use crate::events::Order;

    fn pair(control: f64, candidate: f64, order: Order) -> Durations {
        Durations { control, candidate, order: Some(order) }
    }

    #[test]
    fn quantiles_are_interpolated() {
        let pairs: Vec<_> = (1..=101).map(|ms| pair(f64::from(ms), 2.0 * f64::from(ms), Order::ControlFirst)).collect();
        let compared = LatencyComparison::of(&pairs, 0).unwrap();
        assert_eq!((compared.control.p50, compared.control.p95, compared.control.p99), (51.0, 96.0, 100.0));
        assert!((compared.ratio - 2.0).abs() < 1e-12 && compared.order.is_none());
    }

    #[test]
    fn an_effect_of_the_order_is_found() {
        let noise = [1.0, 1.01, 0.99, 1.02];
        let pairs = noise.iter().flat_map(|noise| {
            [pair(10.0, 10.0 * noise, Order::ControlFirst), pair(10.0, 20.0 * noise, Order::CandidateFirst)]
        });
        let effect = LatencyComparison::of(&pairs.collect::<Vec<_>>(), 0).unwrap().order.unwrap();
        assert!(effect.is_clear() && (effect.ratio - 2.0).abs() < 1e-9, "{effect:?}");
        assert_eq!((effect.control_first, effect.candidate_first), (4, 4));
    }
}
