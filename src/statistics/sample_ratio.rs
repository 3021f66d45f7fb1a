//! The sequential test for a sample ratio mismatch: whether units are in the arms as the split says.
//!
//! A mismatch means that the numbers of the other tests cannot be compared, for example because one arm loses events or a
//! cache serves one variant to all. It is a problem of the data, never harm and never health. The e-value is the
//! ratio of a Dirichlet-multinomial distribution around the planned split to the planned split itself (Lindon and Malek,
//! "Anytime-valid inference for multinomial count data").
//!
//! The formula is written with Stirling's series and deviances, because the difference of logarithms of the gamma
//! function loses all digits for large counts.

use crate::statistics::number::{InvalidNumber, LARGEST, LogE, setting, whole};

/// The default of the concentration of the alternatives around the planned split.
pub const CONCENTRATION: f64 = 100.0;

/// One arm: its planned share and its number of units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// The planned share, above 0.
    pub planned: f64,
    /// The number of units so far.
    pub units: f64,
}

/// Returns the evidence of a mismatch. `concentration` is larger if small mismatches are looked for.
///
/// # Errors
/// Returns [`InvalidNumber`] if a number of units is not a count, a planned share is not above 0 and at most 1, their
/// sum is not 1, or the concentration is not from 1 to 1e9.
pub fn evaluate(arms: &[Share], concentration: f64) -> Result<LogE, InvalidNumber> {
    let range = "a number from 1 to 1e9";
    let concentration = setting("concentration", concentration, range, |value| (1.0..=1e9).contains(&value))?;
    let (mut planned, mut units) = (0.0, 0.0);
    for arm in arms {
        let range = "a number above 0, at most 1";
        planned += setting("planned", arm.planned, range, |value| (1e-9..=1.0).contains(&value))?;
        units += whole("units", arm.units)?;
    }
    setting("sum of planned", planned, "1", |value| (value - 1.0).abs() < 1e-6)?;
    if units > LARGEST {
        return Err(InvalidNumber::TooLarge { what: "units", value: units });
    }

    let total = concentration + units;
    let (mut fit, mut corrections) = (0.0, 0.0);
    for arm in arms {
        let share = arm.planned / planned;
        let prior = concentration * share;
        let expected = total * share;
        fit += expected * deviance((arm.units - units * share) / expected);
        corrections +=
            stirling_error(prior + arm.units) - stirling_error(prior) - 0.5 * ((prior + arm.units) / prior).ln();
    }
    corrections += stirling_error(concentration) - stirling_error(total) + 0.5 * (total / concentration).ln();
    Ok(LogE::new(fit + corrections))
}

/// Returns `(1+r)·ln(1+r) − r` for `r ≥ −1`, without cancellation near 0.
fn deviance(r: f64) -> f64 {
    if r <= -1.0 {
        return 1.0;
    }
    if r.abs() > 0.01 {
        return (1.0 + r) * r.ln_1p() - r;
    }
    // The alternating series r²/2 − r³/6 + r⁴/12 − …, with the coefficients 1/(k(k−1)).
    let mut series = 0.0;
    for k in [9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0] {
        series = 1.0 / (k * (k - 1.0)) - r * series;
    }
    r * r * series
}

/// Returns the error of Stirling's formula for `ln Γ(x)`, for `x > 0`.
fn stirling_error(x: f64) -> f64 {
    if x < 16.0 {
        return libm::lgamma(x) - ((x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln());
    }
    let square = (x * x).recip();
    (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square * (1.0 / 1680.0 - square / 1188.0)))) / x
}
