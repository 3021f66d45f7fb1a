//! Generated traffic: the units and bad events of two arms between two looks.

use crate::guard::evidence::count::Block;
use crate::guard::evidence::{Arm, InvalidNumber, setting};
use crate::guard::simulate::random::Random;

/// The largest number of units between two looks.
const MOST_UNITS: u32 = 1_000_000_000;

/// Whether the arms have the same bursts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bursts {
    /// Each arm has its own, for example because clients retry.
    Separate,
    /// Both arms have the same, for example because a backend that both use is slow.
    Shared,
}

/// A random factor of the rate of bad events between two looks, with the mean 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Burst {
    /// The shape of the gamma distribution of the factor. Its variance is the reciprocal of the shape.
    pub shape: f64,
    /// Whether the arms have the same bursts.
    pub bursts: Bursts,
}

/// The checked settings of generated traffic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Traffic {
    rate: f64,
    ratio: f64,
    share: f64,
    units: u32,
    burst: Option<Burst>,
}

impl Traffic {
    /// Checks settings: the control's rate of bad events, the ratio of the treatment's rate to it, the share of units
    /// in the treatment, and the number of units between two looks.
    ///
    /// # Errors
    /// Returns [`InvalidNumber`] if a rate is not from 0 to 1, the ratio is negative, the share is not above 0 and below 1,
    /// there are no units or more than 1,000,000,000, or the shape of the bursts is not from 0.01 to 1,000,000.
    pub fn new(rate: f64, ratio: f64, share: f64, units: u32, burst: Option<Burst>) -> Result<Self, InvalidNumber> {
        let rate = setting("rate", rate, "a number from 0 to 1", |value| (0.0..=1.0).contains(&value))?;
        let ratio = setting("ratio", ratio, "a number from 0, and a treatment's rate of at most 1", |value| {
            value >= 0.0 && rate * value <= 1.0
        })?;
        let share =
            setting("share", share, "a number above 0 and below 1", |value| (1e-6..=1.0 - 1e-6).contains(&value))?;
        setting("units", f64::from(units), "a number from 1 to 1000000000", |_| (1..=MOST_UNITS).contains(&units))?;
        if let Some(burst) = burst {
            setting("burst", burst.shape, "a number from 0.01 to 1000000", |value| (0.01..=1e6).contains(&value))?;
        }
        Ok(Self { rate, ratio, share, units, burst })
    }

    /// Returns the mean number of bad events between two looks.
    pub(super) fn bad_events(&self) -> f64 {
        f64::from(self.units) * self.rate * (1.0 - self.share + self.share * self.ratio)
    }

    /// Returns the number of units between two looks.
    pub fn units(&self) -> u32 {
        self.units
    }

    /// Returns the control's rate of bad events.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// Returns the ratio of the treatment's rate to the control's.
    pub fn ratio(&self) -> f64 {
        self.ratio
    }

    /// Returns the share of units in the treatment.
    pub fn share(&self) -> f64 {
        self.share
    }

    /// Returns the bursts.
    pub fn burst(&self) -> Option<Burst> {
        self.burst
    }
}

/// The traffic of one run.
#[derive(Debug)]
pub(super) struct Generator {
    random: Random,
    traffic: Traffic,
    /// The part of a unit of the treatment that the looks so far have left.
    left: f64,
}

impl Generator {
    /// Creates the traffic of a run. Each run has its own random numbers.
    pub(super) fn new(traffic: Traffic, seed: u64, run: u32) -> Self {
        Self { random: Random::new(seed, run), traffic, left: 0.0 }
    }

    /// Returns the numbers between two looks.
    pub(super) fn next(&mut self) -> Block {
        let Traffic { rate, ratio, share, units, burst } = self.traffic;
        let exact = f64::from(units) * share + self.left;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to `units`")]
        let in_treatment = (exact.round() as u32).min(units);
        self.left = exact - f64::from(in_treatment);
        let (first, second) = match burst {
            None => (1.0, 1.0),
            Some(Burst { shape, bursts }) => {
                let first = self.random.gamma(shape) / shape;
                let second = if bursts == Bursts::Shared { first } else { self.random.gamma(shape) / shape };
                (first, second)
            }
        };
        let mut arm = |units: u32, rate: f64| Arm::from_counts(self.random.binomial(units, rate), units);
        Block { treatment: arm(in_treatment, rate * ratio * first), control: arm(units - in_treatment, rate * second) }
    }
}
