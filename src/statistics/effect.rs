//! The effect of a treatment: the difference of two estimates, with the intervals for one look and for any number of looks.

use crate::statistics::distribution::{t_tail, t_upper_quantile};
use crate::statistics::estimate::Estimate;
use crate::statistics::number::Alpha;
use crate::statistics::proportion::Interval;
use crate::statistics::sequence::{always_valid_p_value, normal_mixture, two_sided_half_width, two_sided_rho};

/// A mean of the control that is less than this number of standard errors from zero has no relative effect: the delta method
/// does not hold for it.
const LEAST_SIGNIFICANT: f64 = 3.0;

/// The effect of a treatment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// The effect: treatment minus control, or its ratio to the control.
    pub value: f64,
    /// The standard error. It is above 0.
    pub standard_error: f64,
    /// The degrees of freedom of the test of Welch.
    pub degrees: f64,
    /// The number of units of both arms.
    pub n: f64,
}

/// An interval of an effect with the p-value that belongs to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Inference {
    /// The interval.
    pub interval: Interval,
    /// The two-sided p-value of the hypothesis that there is no effect.
    pub p_value: f64,
}

/// Returns the degrees of freedom of Welch and Satterthwaite.
fn degrees(treatment: &Estimate, control: &Estimate) -> f64 {
    let (own, other) = (treatment.square_error(), control.square_error());
    let sum = own + other;
    // The quotients keep squares of very small errors from vanishing.
    let part = |error: f64, n: f64| (error / sum).powi(2) / (n - 1.0);
    (part(own, treatment.n) + part(other, control.n)).recip()
}

impl Effect {
    /// Returns the absolute effect, or `None` without an error: if all units have the same value, or an arm has fewer than
    /// two units.
    pub fn absolute(treatment: &Estimate, control: &Estimate) -> Option<Self> {
        Self::new(
            treatment,
            control,
            treatment.value - control.value,
            treatment.square_error() + control.square_error(),
        )
    }

    /// Returns the effect relative to the control by the delta method, or `None` without an error, or if the control is not
    /// at least three standard errors from zero.
    pub fn relative(treatment: &Estimate, control: &Estimate) -> Option<Self> {
        let base = control.unadjusted;
        if base.abs() < LEAST_SIGNIFICANT * control.square_error().sqrt() || base == 0.0 {
            return None;
        }
        // The control is in the numerator, adjusted, and in the denominator, without adjustment. This is the variance of the
        // linear function of both near their means, where the covariates of the arms have the same mean.
        let ratio = treatment.unadjusted / base;
        let covariate = control.variance - control.unadjusted_variance + 2.0 * control.adjustment_covariance;
        let own = control.unadjusted_variance * ratio * ratio - 2.0 * control.adjustment_covariance * ratio + covariate;
        let variance = (treatment.square_error() + own.max(0.0) / control.n) / (base * base);
        Self::new(treatment, control, (treatment.value - control.value) / base.abs(), variance)
    }

    fn new(treatment: &Estimate, control: &Estimate, value: f64, variance: f64) -> Option<Self> {
        let has_error = treatment.n >= 2.0 && control.n >= 2.0 && variance >= f64::MIN_POSITIVE;
        let effect = Self {
            value,
            standard_error: variance.sqrt(),
            degrees: degrees(treatment, control),
            n: treatment.n + control.n,
        };
        (has_error && effect.degrees.is_finite() && value.is_finite() && variance.is_finite()).then_some(effect)
    }

    /// Returns the interval and the p-value of the test of Welch. They are valid for one look at the planned end only.
    pub fn fixed(&self, alpha: Alpha) -> Inference {
        let half = self.standard_error * t_upper_quantile(alpha.get() / 2.0, self.degrees);
        let p_value = (2.0 * t_tail(self.value.abs() / self.standard_error, self.degrees)).min(1.0);
        Inference { interval: around(self.value, half), p_value }
    }

    /// Returns the interval and the p-value that are valid however often one looks. They are narrowest at `tuning` units of
    /// both arms.
    pub fn always_valid(&self, alpha: Alpha, tuning: f64) -> Inference {
        let rho = two_sided_rho(alpha, tuning);
        let half = two_sided_half_width(self.standard_error, self.n, rho, alpha);
        let evidence = normal_mixture(self.value / self.standard_error, self.n * rho * rho);
        Inference { interval: around(self.value, half), p_value: always_valid_p_value(evidence) }
    }
}

fn around(value: f64, half: f64) -> Interval {
    Interval { lower: value - half, upper: value + half }
}
