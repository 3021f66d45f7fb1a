//! The sequential test for a sample ratio mismatch: whether units are in the arms as the split says.
//!
//! A mismatch means that the numbers of the other tests cannot be compared, for example because one arm loses events or a
//! cache serves one variant to all. It is a problem of the data, never harm and never health. The e-value is the
//! ratio of a Dirichlet-multinomial distribution around the planned split to the planned split itself (Lindon and Malek,
//! "Anytime-valid inference for multinomial count data").
//!
//! [`chi_squared`] is the test for one look.
//!
//! The formula is written with Stirling's series and deviances, because the difference of logarithms of the gamma
//! function loses all digits for large counts.

use crate::statistics::gamma::{chi_squared_tail, deviance, stirling_error};
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

/// The result of the test of the numbers of units for one look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChiSquared {
    /// The sum of the squared differences from the planned numbers, each divided by the planned number.
    pub statistic: f64,
    /// The number of arms minus one.
    pub degrees: f64,
    /// The probability of such a difference while the split is right. It is valid for one look only.
    pub p_value: f64,
}

/// Compares the numbers of units with the planned shares once. The shares are weights: their sum need not be 1. Returns `None`
/// with fewer than two arms or without units.
///
/// # Errors
/// Returns [`InvalidNumber`] if a number of units is not a count, or a planned share is not above 0 and finite.
pub fn chi_squared(arms: &[Share]) -> Result<Option<ChiSquared>, InvalidNumber> {
    let (mut planned, mut units, mut degrees) = (0.0, 0.0, -1.0);
    for arm in arms {
        planned += setting("planned", arm.planned, "a number above 0", |value| value >= 1e-9)?;
        units += whole("units", arm.units)?;
        degrees += 1.0;
    }
    if degrees < 1.0 || units == 0.0 {
        return Ok(None);
    }
    let mut statistic = 0.0;
    for arm in arms {
        let expected = units * (arm.planned / planned);
        statistic += (arm.units - expected).powi(2) / expected;
    }
    Ok(Some(ChiSquared { statistic, degrees, p_value: chi_squared_tail(statistic, degrees) }))
}
