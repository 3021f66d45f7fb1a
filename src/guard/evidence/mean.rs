//! The test `mean`: compares the means of a value per unit, for example revenue or latency.
//!
//! The result is a one-sided asymptotic confidence sequence (Waudby-Smith et al., "Time-uniform central limit theory",
//! in the form of GrowthBook), and the e-value that belongs to it, the mixture over half-normal effects of msprt. The
//! interval is slightly stricter than the e-value.
//!
//! The validity is asymptotic in the number of units at the first look. Hence the minimum number of units per arm, and a
//! cap of values that is fixed before the rollout: one huge value in a small arm is no evidence. For rates of events,
//! [`count`](super::count) is faster and exact.

use crate::statistics::sequence::{half_normal_mixture, one_sided_half_width, one_sided_rho};
use crate::statistics::{Alpha, InvalidNumber, LARGEST, LogE, Moments, setting, whole};

/// The direction of harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Harm {
    /// A larger mean of the treatment is harm.
    Increase,
    /// A smaller mean of the treatment is harm.
    Decrease,
}

/// The checked settings of the test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    harm: Harm,
    tolerance: f64,
    min_units: f64,
    tuning: f64,
}

impl Settings {
    /// The default of the minimum number of units of each arm.
    pub const MIN_UNITS: f64 = 250.0;
    /// The default of the number of units of both arms for which the test is tuned.
    pub const TUNING: f64 = 5000.0;

    /// Checks settings. A difference of the means up to `tolerance` is no harm. The test has no result until each arm
    /// has `min_units` units. It is most sensitive when both arms together have `tuning` units; any value is valid.
    ///
    /// # Errors
    /// Returns [`InvalidNumber`] if the tolerance is negative, `min_units` is not a count from 2, or `tuning` is not
    /// from 1 to 1e15.
    pub fn new(harm: Harm, tolerance: f64, min_units: f64, tuning: f64) -> Result<Self, InvalidNumber> {
        let tolerance =
            setting("tolerance", tolerance, "a number from 0 to 1e15", |value| (0.0..=LARGEST).contains(&value))?;
        let min_units = setting("min-units", whole("min-units", min_units)?, "at least 2", |value| value >= 2.0)?;
        let tuning = setting("tuning", tuning, "a number from 1 to 1e15", |value| (1.0..=LARGEST).contains(&value))?;
        Ok(Self { harm, tolerance, min_units, tuning })
    }
}

/// The difference of two means and its evidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// The mean of the treatment minus the mean of the control.
    pub difference: f64,
    /// The standard error of the difference.
    pub standard_error: f64,
    /// The limit of the confidence sequence on the side of no harm: the true difference is above it, or below it if a
    /// decrease is harm, at all looks with a probability of at least `1 - alpha`.
    pub limit: f64,
    /// Whether the limit proves harm beyond the tolerance, for this test alone.
    pub interval: Interval,
    /// The evidence of harm beyond the tolerance.
    pub harm: LogE,
}

/// Whether the confidence sequence excludes all harmless differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interval {
    /// All differences in the interval are harm.
    ProvesHarm,
    /// The interval contains differences that are no harm.
    Open,
}

/// The result of this test and of [`block`](super::block).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// There are fewer observations than the minimum.
    TooFew {
        /// The number of units of the smaller arm. For `block`, the number of intervals in which both arms have events.
        found: f64,
        /// The minimum.
        needed: f64,
    },
    /// All units of an arm have the same value, or the rates differ by the same amount in all intervals, so the
    /// difference has no known error.
    NoSpread,
    /// The test has a result.
    Measured(Measured),
}

impl Outcome {
    /// Returns the evidence of harm. Too few observations or no spread are no evidence.
    pub fn harm(&self) -> LogE {
        match self {
            Self::TooFew { .. } | Self::NoSpread => LogE::NONE,
            Self::Measured(measured) => measured.harm,
        }
    }
}

/// Returns the result for the moments of both arms.
pub fn evaluate(treatment: &Moments, control: &Moments, settings: &Settings, alpha: Alpha) -> Outcome {
    let units = treatment.n().min(control.n());
    let (Some(treatment_variance), Some(control_variance)) = (treatment.variance_of_mean(), control.variance_of_mean())
    else {
        return Outcome::TooFew { found: units, needed: settings.min_units };
    };
    if units < settings.min_units {
        return Outcome::TooFew { found: units, needed: settings.min_units };
    }
    let estimate = Estimate {
        difference: treatment.mean() - control.mean(),
        variance: treatment_variance + control_variance,
        n: treatment.n() + control.n(),
    };
    if treatment_variance == 0.0 || control_variance == 0.0 {
        return Outcome::NoSpread;
    }
    measure(estimate, settings.harm, settings.tolerance, settings.tuning, alpha)
        .map_or(Outcome::NoSpread, Outcome::Measured)
}

/// An estimate of a difference whose error is approximately normal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Estimate {
    pub(super) difference: f64,
    /// The variance of the difference.
    pub(super) variance: f64,
    /// The number of observations.
    pub(super) n: f64,
}

/// Returns the confidence sequence and the e-value of an estimate, or `None` if its variance is too small for division.
pub(super) fn measure(estimate: Estimate, harm: Harm, tolerance: f64, tuning: f64, alpha: Alpha) -> Option<Measured> {
    let Estimate { difference, variance, n } = estimate;
    if variance < f64::MIN_POSITIVE {
        return None;
    }
    let standard_error = variance.sqrt();
    let rho = one_sided_rho(alpha, tuning);
    let half_width = one_sided_half_width(standard_error, n, rho, alpha);
    // From here on, an increase is harm.
    let towards_harm = match harm {
        Harm::Increase => difference,
        Harm::Decrease => -difference,
    };
    let limit = match harm {
        Harm::Increase => difference - half_width,
        Harm::Decrease => difference + half_width,
    };
    let interval = if towards_harm - half_width > tolerance { Interval::ProvesHarm } else { Interval::Open };
    let harm = half_normal_mixture((towards_harm - tolerance) / standard_error, rho * rho * n);
    Some(Measured { difference, standard_error, limit, interval, harm })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Rows {
        rho: Vec<Rho>,
        half_width: Vec<HalfWidth>,
        mixture: Vec<Mixture>,
        limits: Vec<Limits>,
    }

    #[derive(Deserialize)]
    struct Limits {
        estimate: f64,
        standard_error: f64,
        n: f64,
        tuning: f64,
        lower: f64,
        upper: f64,
    }

    #[derive(Deserialize)]
    struct Rho {
        alpha: f64,
        tuning: f64,
        rho: f64,
    }

    #[derive(Deserialize)]
    struct HalfWidth {
        variance: f64,
        n: f64,
        tuning: f64,
        alpha: f64,
        half_width: f64,
    }

    #[derive(Deserialize)]
    struct Mixture {
        difference: f64,
        variance: f64,
        spread: f64,
        e: f64,
    }

    fn assert_near(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{found} is not {expected}");
    }

    #[test]
    fn formulas_match_the_vectors() {
        let text = include_str!("../../../tests/vectors/guard/sequence.json");
        let rows: Rows = serde_json::from_str(text).unwrap();
        assert!(!rows.rho.is_empty() && !rows.half_width.is_empty() && !rows.limits.is_empty());
        for row in rows.rho {
            assert_near(one_sided_rho(Alpha::new(row.alpha).unwrap(), row.tuning), row.rho);
        }
        for row in rows.half_width {
            let alpha = Alpha::new(row.alpha).unwrap();
            let standard_error = (row.variance / row.n).sqrt();
            assert_near(
                one_sided_half_width(standard_error, row.n, one_sided_rho(alpha, row.tuning), alpha),
                row.half_width,
            );
        }
        for row in rows.mixture {
            let log_e = half_normal_mixture(row.difference / row.variance.sqrt(), row.spread.powi(2) / row.variance);
            assert_near(log_e.ln(), row.e.ln());
        }
        for row in rows.limits {
            let limit = |harm| {
                let estimate = Estimate { difference: row.estimate, variance: row.standard_error.powi(2), n: row.n };
                measure(estimate, harm, 0.0, row.tuning, Alpha::new(0.05).unwrap()).unwrap().limit
            };
            // The limit may be near 0, so its error is relative to the half width.
            assert!((limit(Harm::Increase) - row.lower).abs() <= 1e-9 * (row.estimate - row.lower));
            assert!((limit(Harm::Decrease) - row.upper).abs() <= 1e-9 * (row.upper - row.estimate));
        }
    }

    #[test]
    fn the_e_value_at_the_limit_is_slightly_above_its_threshold() {
        let alpha = Alpha::new(0.05).unwrap();
        for n in [500.0, 5_000.0, 100_000.0, 1e12] {
            let rho = one_sided_rho(alpha, 5000.0);
            let e = half_normal_mixture(one_sided_half_width(1.0, n, rho, alpha), rho * rho * n).ln().exp();
            assert!((20.0..21.5).contains(&e), "{n}: {e}");
        }
    }
}
