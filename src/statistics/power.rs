//! The number of units that an experiment needs, and the smallest effect that it can show.

use crate::statistics::distribution::{bisect, normal_upper_quantile};
use crate::statistics::number::{Alpha, InvalidNumber, LARGEST, bounded, setting};
use crate::statistics::sequence::{two_sided_half_width, two_sided_rho};

/// How the results are read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reading {
    /// Once, at the planned end.
    Once,
    /// At any time, with always-valid intervals that are narrowest at this number of units of both arms.
    AnyTime {
        /// The number of units.
        tuning: f64,
    },
}

/// The checked settings of an experiment that is planned: two arms, and a two-sided test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    control_variance: f64,
    treatment_variance: f64,
    ratio: f64,
    alpha: Alpha,
    power: f64,
    reading: Reading,
}

impl Plan {
    /// Checks settings. The variances are those of the values of units, `ratio` is the number of units of the treatment
    /// divided by that of the control, and `power` is the probability that the effect is shown.
    ///
    /// # Errors
    /// Returns [`InvalidNumber`] if a variance is not above 0, the ratio is not from 0.0001 to 10,000, or the power is not
    /// from 0.5 to 0.9999.
    pub fn new(
        variances: [f64; 2],
        ratio: f64,
        alpha: Alpha,
        power: f64,
        reading: Reading,
    ) -> Result<Self, InvalidNumber> {
        let [control_variance, treatment_variance] = variances;
        for variance in variances {
            setting("variance", variance, "a number above 0", |variance| (1e-200..=1e30).contains(&variance))?;
        }
        setting("ratio", ratio, "a number from 0.0001 to 10000", |ratio| (1e-4..=1e4).contains(&ratio))?;
        setting("power", power, "a number from 0.5 to 0.9999", |power| (0.5..=0.9999).contains(&power))?;
        if let Reading::AnyTime { tuning } = reading {
            setting("tuning", tuning, "a number from 1 to 1e15", |tuning| (1.0..=LARGEST).contains(&tuning))?;
        }
        Ok(Self { control_variance, treatment_variance, ratio, alpha, power, reading })
    }

    /// Returns the smallest effect that is shown with the power, by `n` units of the control. It is absolute, and positive.
    pub fn smallest_effect(&self, n: f64) -> f64 {
        let variance = (self.control_variance + self.treatment_variance / self.ratio) / n;
        variance.sqrt() * self.factor(n)
    }

    /// Returns the number of standard errors of the smallest effect.
    fn factor(&self, n: f64) -> f64 {
        let power = normal_upper_quantile(1.0 - self.power);
        power
            + match self.reading {
                Reading::Once => normal_upper_quantile(self.alpha.get() / 2.0),
                Reading::AnyTime { tuning } => {
                    let rho = two_sided_rho(self.alpha, tuning);
                    two_sided_half_width(1.0, n * (1.0 + self.ratio), rho, self.alpha)
                }
            }
    }

    /// Returns the number of units of the control with which an absolute effect is shown with the power. It is not rounded.
    ///
    /// # Errors
    /// Returns [`InvalidNumber`] if the effect is 0, or needs more than 1e15 units.
    pub fn units(&self, effect: f64) -> Result<f64, InvalidNumber> {
        let effect = bounded("effect", effect, LARGEST)?.abs();
        let refused = "an effect that at most 1e15 units show";
        setting("effect", effect, refused, |effect| effect > 0.0)?;
        let units = match self.reading {
            Reading::Once => {
                let variance = self.control_variance + self.treatment_variance / self.ratio;
                variance * (self.factor(1.0) / effect).powi(2)
            }
            // The smallest effect falls with the number of units.
            Reading::AnyTime { .. } => bisect(1e-6, LARGEST * 2.0, |n| self.smallest_effect(n) > effect),
        };
        setting("effect", effect, refused, |_| units <= LARGEST)?;
        Ok(units)
    }
}
