//! The e-process of counts: a mixture of likelihood ratios, for numbers of hits among events.
//!
//! An event of a block is a hit with the probability θ if the hypothesis holds at its limit. The alternatives
//! multiply the odds of a hit by each factor of [`GRID`]. With `x` hits among `n` events, the logarithm of the likelihood
//! ratio of a factor `g` is `x·ln g − n·ln(1 + θ(g−1))`. This form has no difference of two nearly equal logarithms, so it
//! keeps its digits for counts up to 1e15. The e-value is the mean of the likelihood ratios.
//!
//! The grid is the prior, so there is no numerical integration, no burn-in and no tuning.

use crate::statistics::number::LogE;

/// The factors of the alternatives. Each has the same weight.
pub const GRID: [f64; SIZE] = [1.1, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0];

const SIZE: usize = 8;

/// The direction of the alternatives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// More hits than the hypothesis allows.
    More,
    /// Fewer hits than the hypothesis allows.
    Fewer,
}

/// An e-process for a probability of hits that may differ between blocks.
#[derive(Debug, Clone)]
pub struct GridProcess {
    /// `g` of each alternative.
    factors: [f64; SIZE],
    /// `ln g` of each alternative.
    logs: [f64; SIZE],
    /// The probability for which `costs` are.
    theta: f64,
    /// `ln(1 + θ(g−1))` of each alternative. They are kept because most blocks have the same split.
    costs: [f64; SIZE],
    /// The logarithm of the likelihood ratio of each alternative.
    ratios: [f64; SIZE],
}

impl GridProcess {
    /// Creates the process before the first block.
    pub fn new(side: Side) -> Self {
        let factors = GRID.map(|factor| match side {
            Side::More => factor,
            Side::Fewer => factor.recip(),
        });
        Self { factors, logs: factors.map(f64::ln), theta: 0.0, costs: [0.0; SIZE], ratios: [0.0; SIZE] }
    }

    /// Adds a block: `hits` of `events`, with the probability of a hit `theta`, from 0 to 1. The numbers need not be whole.
    pub fn add(&mut self, hits: f64, events: f64, theta: f64) {
        if theta.to_bits() != self.theta.to_bits() {
            self.theta = theta;
            self.costs = self.factors.map(|factor| (theta * (factor - 1.0)).ln_1p());
        }
        for ((ratio, log), cost) in self.ratios.iter_mut().zip(self.logs).zip(self.costs) {
            *ratio += hits * log - events * cost;
        }
    }

    /// Returns a bound on the evidence that costs less than the evidence: the largest of the likelihood ratios.
    pub fn at_most(&self) -> f64 {
        self.ratios.into_iter().fold(f64::NEG_INFINITY, f64::max)
    }

    /// Returns the evidence against the hypothesis.
    pub fn log_e(&self) -> LogE {
        log_mean_exp(&self.ratios).map_or(LogE::NONE, LogE::new)
    }
}

/// Returns `ln(mean(exp(x)))` without overflow, or `None` for no values.
pub fn log_mean_exp(values: &[f64]) -> Option<f64> {
    let largest = values.iter().copied().reduce(f64::max)?;
    let (mut sum, mut count) = (0.0, 0.0);
    for value in values {
        sum += (value - largest).exp();
        count += 1.0;
    }
    Some(largest + (sum / count).ln())
}
