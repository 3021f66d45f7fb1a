//! The number of units that an experiment needs, from a baseline.

use crate::statistics::power::{Plan, Reading};
use crate::statistics::{Alpha, InvalidNumber, LARGEST, setting};

/// What is known before an experiment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Baseline {
    value: f64,
    variance: BaselineVariance,
}

/// The variance of the values of units.
#[derive(Debug, Clone, Copy, PartialEq)]
enum BaselineVariance {
    /// The same in both arms.
    Equal(f64),
    /// The variance of a share of units, which depends on the share.
    Share,
}

impl Baseline {
    /// Creates the baseline of a mean. `deviation` is the standard deviation of the values of units.
    ///
    /// # Errors
    /// Returns [`InvalidNumber`] if the mean is 0, or the deviation is not above 0, or a number is not finite or too large.
    pub fn mean(value: f64, deviation: f64) -> Result<Self, InvalidNumber> {
        let range = "a number that is not 0, at most 1e15";
        setting("mean", value, range, |value| value != 0.0 && value.abs() <= LARGEST)?;
        setting("deviation", deviation, "a number above 0, at most 1e15", |value| (1e-90..=LARGEST).contains(&value))?;
        Ok(Self { value, variance: BaselineVariance::Equal(deviation * deviation) })
    }

    /// Creates the baseline of a share of units.
    ///
    /// # Errors
    /// Returns [`InvalidNumber`] if the share is not above 0 and below 1.
    pub fn share(value: f64) -> Result<Self, InvalidNumber> {
        setting("rate", value, "a number above 0 and below 1", |value| value > 0.0 && value < 1.0)?;
        Ok(Self { value, variance: BaselineVariance::Share })
    }

    /// Returns the value of the control.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Returns the standard deviation of the values of units in the control.
    pub fn deviation(&self) -> f64 {
        self.variances(0.0)[0].sqrt()
    }

    /// Returns the variances of the control and of a treatment with a relative effect.
    fn variances(&self, effect: f64) -> [f64; 2] {
        match self.variance {
            BaselineVariance::Equal(variance) => [variance; 2],
            BaselineVariance::Share => {
                let treatment = self.value * (1.0 + effect);
                [self.value * (1.0 - self.value), treatment * (1.0 - treatment)]
            }
        }
    }
}

/// What an experiment is to show.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerQuestion {
    /// What is known before.
    pub baseline: Baseline,
    /// The number of units of the treatment divided by that of the control.
    pub ratio: f64,
    /// The probability of an effect that is none.
    pub alpha: Alpha,
    /// The probability that the effect is shown.
    pub power: f64,
}

impl PowerQuestion {
    /// Returns the units of the control with which a relative effect is shown, rounded up.
    ///
    /// # Errors
    /// Returns [`InvalidNumber`] if a setting is outside its range, or the effect leads to a share that is not below 1.
    pub fn units(&self, effect: f64, reading: Reading) -> Result<f64, InvalidNumber> {
        setting("effect", effect, "a number above 0, at most 1000", |effect| (1e-9..=1e3).contains(&effect))?;
        let variances = self.baseline.variances(effect);
        let plan = Plan::new(variances, self.ratio, self.alpha, self.power, reading)?;
        Ok(plan.units(effect * self.baseline.value)?.ceil())
    }

    /// Returns the smallest relative effect that a number of units of both arms shows.
    ///
    /// # Errors
    /// Returns [`InvalidNumber`] if a setting is outside its range.
    pub fn smallest_effect(&self, units: f64, reading: Reading) -> Result<f64, InvalidNumber> {
        setting("units", units, "a number from 2 to 1e15", |units| (2.0..=LARGEST).contains(&units))?;
        let plan = Plan::new(self.baseline.variances(0.0), self.ratio, self.alpha, self.power, reading)?;
        Ok(plan.smallest_effect(units / (1.0 + self.ratio)) / self.baseline.value.abs())
    }
}
