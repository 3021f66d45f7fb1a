//! Random numbers of the distributions that generated traffic has.
//!
//! The algorithms are exact and simple: inversion for binomial numbers, and the method of Marsaglia and Tsang for gamma
//! numbers. Inversion takes time for each bad event, and bad events are rare.

use std::f64::consts::TAU;

use fastrand::Rng;

/// The largest mean of one inversion. Above about 700, the probability of no event underflows.
const MOST_EVENTS: f64 = 300.0;

/// The random numbers of one run.
#[derive(Debug)]
pub(super) struct Random(Rng);

impl Random {
    /// Creates the random numbers of a run.
    pub(super) fn new(seed: u64, run: u32) -> Self {
        // Two generators with related seeds would have related numbers, so the seed of a run is a random number, too.
        let mut seeds = Rng::with_seed(seed.wrapping_add(u64::from(run).wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        seeds.u64(..);
        Self(Rng::with_seed(seeds.u64(..)))
    }

    /// Returns how many of `n` units have an event, if each has one with a probability.
    pub(super) fn binomial(&mut self, n: u32, probability: f64) -> u32 {
        if probability >= 1.0 {
            return n;
        }
        if probability > 0.5 {
            return n - self.binomial(n, 1.0 - probability);
        }
        if probability <= 0.0 {
            return 0;
        }
        // The sum over parts of the units has the same distribution as all of them.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts of floats saturate")]
        let part = (MOST_EVENTS / probability) as u32;
        let (mut left, mut events) = (n, 0);
        while left > 0 {
            let units = left.min(part.max(1));
            events += self.inversion(units, probability);
            left -= units;
        }
        events
    }

    /// Returns a binomial number by a search through its distribution, from zero upwards.
    fn inversion(&mut self, n: u32, probability: f64) -> u32 {
        let odds = probability / (1.0 - probability);
        let scale = (f64::from(n) + 1.0) * odds;
        let mut mass = (f64::from(n) * (-probability).ln_1p()).exp();
        let mut rest = self.0.f64();
        let mut events = 0;
        while rest > mass && events < n {
            rest -= mass;
            events += 1;
            mass *= scale / f64::from(events) - odds;
        }
        events
    }

    /// Returns a number of the gamma distribution with a shape and the scale 1. Its mean is the shape.
    pub(super) fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            return self.gamma(shape + 1.0) * (1.0 - self.0.f64()).powf(shape.recip());
        }
        let d = shape - 1.0 / 3.0;
        let c = (9.0 * d).sqrt().recip();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && (1.0 - self.0.f64()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }

    /// Returns a number of the standard normal distribution.
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.0.f64()).ln()).sqrt();
        radius * (TAU * self.0.f64()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the mean and the variance of numbers.
    fn moments(mut number: impl FnMut(&mut Random) -> f64) -> (f64, f64) {
        let mut random = Random::new(7, 0);
        let numbers: Vec<f64> = (0..20_000).map(|_| number(&mut random)).collect();
        let mean = numbers.iter().sum::<f64>() / 20_000.0;
        (mean, numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / 20_000.0)
    }

    #[test]
    fn binomial_numbers_have_their_mean_and_variance() {
        for (n, probability) in [(200, 0.01), (20, 0.5), (50, 0.9), (100_000, 0.01), (1, 0.3)] {
            let (mean, variance) = moments(|random| f64::from(random.binomial(n, probability)));
            let expected = f64::from(n) * probability;
            let spread = expected * (1.0 - probability);
            assert!((mean - expected).abs() < 4.0 * (spread / 20_000.0).sqrt(), "{n} {probability}: {mean}");
            assert!((variance / spread - 1.0).abs() < 0.06, "{n} {probability}: {variance}");
        }
    }

    #[test]
    fn gamma_numbers_have_their_mean_and_variance() {
        for shape in [0.5, 1.0, 2.0, 50.0] {
            let (mean, variance) = moments(|random| random.gamma(shape));
            assert!((mean - shape).abs() < 4.0 * (shape / 20_000.0).sqrt(), "{shape}: {mean}");
            assert!((variance / shape - 1.0).abs() < 0.12, "{shape}: {variance}");
        }
    }

    #[test]
    fn probabilities_at_the_ends_are_certain() {
        let mut random = Random::new(1, 1);
        assert_eq!((random.binomial(9, 0.0), random.binomial(9, 1.0), random.binomial(9, 1.5)), (0, 9, 9));
    }
}
