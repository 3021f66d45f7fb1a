//! The checked numbers that tests take and return.
//!
//! A metrics server can return anything. The constructors of these types are the only way into the tests, so that the
//! formulas need no case for NaN, infinity or more bad events than events.

use thiserror::Error;

/// The largest count, and the largest absolute value of a unit. Above it, a `f64` has no exact integers.
pub const LARGEST: f64 = 1e15;

/// The smallest probability of a false alarm that the formulas support without overflow.
const SMALLEST_ALPHA: f64 = 1e-200;

/// The reason why a test refuses a number.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum InvalidNumber {
    /// The number is NaN or infinite.
    #[error("`{what}` is {value}, expected a finite number")]
    NotFinite {
        /// The name of the number.
        what: &'static str,
        /// The number.
        value: f64,
    },
    /// The number is below zero.
    #[error("`{what}` is {value}, expected a number that is not negative")]
    Negative {
        /// The name of the number.
        what: &'static str,
        /// The number.
        value: f64,
    },
    /// The number is not a whole number, but is a count.
    #[error("`{what}` is {value}, expected a whole number")]
    Fractional {
        /// The name of the number.
        what: &'static str,
        /// The number.
        value: f64,
    },
    /// The absolute value of the number exceeds [`LARGEST`].
    #[error("`{what}` is {value}, expected at most {LARGEST:e}")]
    TooLarge {
        /// The name of the number.
        what: &'static str,
        /// The number.
        value: f64,
    },
    /// An arm has more bad events than events.
    #[error("{bad} bad events of {total}, expected at most the total")]
    MoreBadThanTotal {
        /// The number of bad events.
        bad: f64,
        /// The number of events.
        total: f64,
    },
    /// No list of values has these sums, for example because one of them has another unit or window.
    #[error("no {n} values have the sum {sum} and the sum of squares {sum_sq}")]
    InconsistentSums {
        /// The number of values.
        n: f64,
        /// Their sum.
        sum: f64,
        /// The sum of their squares.
        sum_sq: f64,
    },
    /// A setting is outside its range.
    #[error("`{what}` is {value}, expected {range}")]
    OutOfRange {
        /// The name of the setting.
        what: &'static str,
        /// The number.
        value: f64,
        /// The range in words.
        range: &'static str,
    },
}

impl InvalidNumber {
    /// Returns the name of the problem in reports.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotFinite { .. } => "not-finite",
            Self::Negative { .. } => "negative",
            Self::Fractional { .. } => "fractional",
            Self::TooLarge { .. } => "too-large",
            Self::MoreBadThanTotal { .. } => "more-bad-than-total",
            Self::InconsistentSums { .. } => "inconsistent-sums",
            Self::OutOfRange { .. } => "out-of-range",
        }
    }
}

/// Checks that a number is finite and its absolute value at most `largest`.
fn bounded(what: &'static str, value: f64, largest: f64) -> Result<f64, InvalidNumber> {
    if !value.is_finite() {
        return Err(InvalidNumber::NotFinite { what, value });
    }
    if value.abs() > largest {
        return Err(InvalidNumber::TooLarge { what, value });
    }
    Ok(value)
}

/// Checks that a number is from 0 to [`LARGEST`].
fn amount(what: &'static str, value: f64) -> Result<f64, InvalidNumber> {
    let value = bounded(what, value, LARGEST)?;
    if value < 0.0 {
        return Err(InvalidNumber::Negative { what, value });
    }
    // Minus zero becomes zero.
    Ok(value + 0.0)
}

/// Checks that a number is a whole number from 0 to [`LARGEST`].
pub(super) fn whole(what: &'static str, value: f64) -> Result<f64, InvalidNumber> {
    let value = amount(what, value)?;
    if value.fract() != 0.0 {
        return Err(InvalidNumber::Fractional { what, value });
    }
    Ok(value)
}

/// Checks that a finite setting satisfies a condition, which `range` describes in words.
pub(in crate::guard) fn setting(
    what: &'static str,
    value: f64,
    range: &'static str,
    accepts: impl Fn(f64) -> bool,
) -> Result<f64, InvalidNumber> {
    if !value.is_finite() {
        return Err(InvalidNumber::NotFinite { what, value });
    }
    if !accepts(value) {
        return Err(InvalidNumber::OutOfRange { what, value, range });
    }
    Ok(value)
}

/// The natural logarithm of an e-value. It is finite. 0 is no evidence, and negative values speak for the hypothesis.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct LogE(f64);

impl LogE {
    /// No evidence: the e-value 1.
    pub const NONE: Self = Self(0.0);

    /// Creates a logarithm. The formulas of this module return finite numbers for all checked input.
    pub(super) fn new(log_e: f64) -> Self {
        debug_assert!(log_e.is_finite(), "{log_e}");
        Self(log_e)
    }

    /// Returns the natural logarithm.
    pub fn ln(self) -> f64 {
        self.0
    }
}

/// A probability of a false alarm, from 1e-200 to below one half.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Alpha(f64);

impl Alpha {
    /// Checks a probability of a false alarm.
    ///
    /// # Errors
    /// Returns [`InvalidNumber`] if the number is not from 1e-200 to below 0.5.
    pub fn new(alpha: f64) -> Result<Self, InvalidNumber> {
        setting("alpha", alpha, "a number above 0 and below 0.5", |value| (SMALLEST_ALPHA..0.5).contains(&value))
            .map(Self)
    }

    /// Returns the probability.
    pub fn get(self) -> f64 {
        self.0
    }

    /// Returns the probability divided by a number from 1, at least 1e-200.
    pub(super) fn divided(self, by: f64) -> Self {
        Self((self.0 / by.max(1.0)).max(SMALLEST_ALPHA))
    }

    /// Returns the logarithm of the e-value that proves at this probability: `ln(1/alpha)`.
    pub fn threshold(self) -> LogE {
        LogE::new(-self.0.ln())
    }
}

/// The direction in which a number of bad events that is not whole is rounded. The total is rounded the other way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// Fewer bad events, which is right for the treatment.
    FewerBad,
    /// More bad events, which is right for the control.
    MoreBad,
}

/// The events of one arm in one window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arm {
    bad: f64,
    total: f64,
}

impl Arm {
    /// Checks the numbers of an arm. Both are whole numbers up to [`LARGEST`].
    ///
    /// # Errors
    /// Returns [`InvalidNumber`] if a number is not a count, or if there are more bad events than events.
    pub fn new(bad: f64, total: f64) -> Result<Self, InvalidNumber> {
        let (bad, total) = (whole("bad", bad)?, whole("total", total)?);
        if bad > total {
            return Err(InvalidNumber::MoreBadThanTotal { bad, total });
        }
        Ok(Self { bad, total })
    }

    /// Creates the numbers of an arm from counts. More bad events than events count as all events.
    pub(in crate::guard) fn from_counts(bad: u32, total: u32) -> Self {
        Self { bad: f64::from(bad.min(total)), total: f64::from(total) }
    }

    /// Checks the numbers of an arm that are not counts, and rounds them.
    ///
    /// `increase()` of Prometheus extrapolates to the ends of its window, so its results are not whole. Rounding
    /// the treatment to [`Rounding::FewerBad`] and the control to [`Rounding::MoreBad`] never adds evidence of harm.
    /// Because the two numbers of an arm are extrapolated separately, `bad` may exceed `total` by less than 1.
    ///
    /// # Errors
    /// Returns [`InvalidNumber`] if a number is not finite, negative or too large, or if there are more bad events than
    /// events.
    pub fn rounded(bad: f64, total: f64, rounding: Rounding) -> Result<Self, InvalidNumber> {
        let (bad, total) = (amount("bad", bad)?, amount("total", total)?);
        if bad >= total + 1.0 {
            return Err(InvalidNumber::MoreBadThanTotal { bad, total });
        }
        let (bad, total) = match rounding {
            Rounding::FewerBad => (bad.floor(), total.ceil()),
            Rounding::MoreBad => (bad.ceil(), total.floor()),
        };
        Ok(Self { bad, total: total.max(bad) })
    }

    /// Returns the number of bad events.
    pub fn bad(&self) -> f64 {
        self.bad
    }

    /// Returns the number of events.
    pub fn total(&self) -> f64 {
        self.total
    }

    /// Returns the share of bad events, or `None` without events.
    pub fn rate(&self) -> Option<f64> {
        (self.total > 0.0).then(|| self.bad / self.total)
    }
}

/// The number, mean and spread of the values of one arm's units.
///
/// Keeps the sum of squared differences from the mean instead of the sum of squares, which loses all digits of
/// the variance if the mean is much larger than the spread.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Moments {
    n: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// Computes the moments from the sums that a database returns: the number of units, the sum of their values and the
    /// sum of the squares.
    ///
    /// # Errors
    /// Returns [`InvalidNumber`] if a number is not finite, if `n` is not a count, if the mean exceeds [`LARGEST`], or
    /// if no list of values has these sums.
    pub fn from_sums(n: f64, sum: f64, sum_sq: f64) -> Result<Self, InvalidNumber> {
        let n = whole("n", n)?;
        let sum = bounded("sum", sum, LARGEST * n.max(1.0))?;
        let sum_sq = bounded("sum-sq", sum_sq, LARGEST * LARGEST * n.max(1.0))?;
        if sum_sq < 0.0 {
            return Err(InvalidNumber::Negative { what: "sum-sq", value: sum_sq });
        }
        let inconsistent = InvalidNumber::InconsistentSums { n, sum, sum_sq };
        if n == 0.0 {
            return if sum == 0.0 && sum_sq == 0.0 { Ok(Self::default()) } else { Err(inconsistent) };
        }
        let mean = sum / n;
        let squares = sum_sq - sum * mean;
        // Sums that were added up in another order differ by rounding only.
        if squares < -1e-9 * sum_sq || (n == 1.0 && squares > 1e-9 * sum_sq) {
            return Err(inconsistent);
        }
        // A spread below the rounding of the sums is no spread.
        let squares = if squares <= 1e-13 * sum_sq || n == 1.0 { 0.0 } else { squares };
        Ok(Self { n, mean, squares })
    }

    /// Adds the value of one more unit. Values above `cap` count as `cap`.
    ///
    /// # Errors
    /// Returns [`InvalidNumber`] if the value is not finite or exceeds [`LARGEST`].
    pub fn add(&mut self, value: f64, cap: Option<f64>) -> Result<(), InvalidNumber> {
        let value = bounded("value", value, LARGEST)?;
        self.push(cap.map_or(value, |cap| value.min(cap)));
        Ok(())
    }

    /// Adds a value that is known to be finite and at most [`LARGEST`], by Welford's method.
    pub(super) fn push(&mut self, value: f64) {
        self.n += 1.0;
        let before = value - self.mean;
        self.mean += before / self.n;
        self.squares += before * (value - self.mean);
    }

    /// Returns the number of units.
    pub fn n(&self) -> f64 {
        self.n
    }

    /// Returns the mean. It is 0 without units.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Returns the variance of the mean, or `None` with fewer than two units.
    pub(super) fn variance_of_mean(&self) -> Option<f64> {
        (self.n >= 2.0).then(|| self.squares / (self.n - 1.0) / self.n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arm_refuses_what_is_not_a_count() {
        let name = |bad, total| Arm::new(bad, total).map_err(|error| error.name());
        assert_eq!(name(f64::NAN, 1.0), Err("not-finite"));
        assert_eq!(name(0.0, f64::INFINITY), Err("not-finite"));
        assert_eq!(name(-1.0, 1.0), Err("negative"));
        assert_eq!(name(0.5, 1.0), Err("fractional"));
        assert_eq!(name(1.0, 1e16), Err("too-large"));
        assert_eq!(name(2.0, 1.0), Err("more-bad-than-total"));
        assert_eq!(name(-0.0, 0.0).map(|arm| arm.bad().is_sign_positive()), Ok(true));
        assert!(name(1e15, 1e15).is_ok());
    }

    #[test]
    fn rounding_never_adds_evidence_of_harm() {
        let treatment = Arm::rounded(5.9, 100.2, Rounding::FewerBad).unwrap();
        assert_eq!((treatment.bad(), treatment.total()), (5.0, 101.0));
        let control = Arm::rounded(5.1, 100.9, Rounding::MoreBad).unwrap();
        assert_eq!((control.bad(), control.total()), (6.0, 100.0));
        let all_bad = Arm::rounded(5.4, 5.2, Rounding::MoreBad).unwrap();
        assert_eq!((all_bad.bad(), all_bad.total()), (6.0, 6.0));
        assert_eq!(Arm::rounded(7.0, 5.2, Rounding::MoreBad).map_err(|error| error.name()), Err("more-bad-than-total"));
    }

    #[test]
    fn moments_refuse_sums_that_no_values_have() {
        let name = |n, sum, sum_sq| Moments::from_sums(n, sum, sum_sq).map_err(|error| error.name());
        assert_eq!(name(10.0, 100.0, 100.0), Err("inconsistent-sums"));
        assert_eq!(name(0.0, 1.0, 1.0), Err("inconsistent-sums"));
        assert_eq!(name(1.0, 1.0, 2.0), Err("inconsistent-sums"));
        assert_eq!(name(10.0, f64::NAN, 1.0), Err("not-finite"));
        assert_eq!(name(1.5, 1.0, 1.0), Err("fractional"));
        assert_eq!(name(10.0, 1.0, -1.0), Err("negative"));
        assert_eq!(name(10.0, 1e17, 1.0), Err("too-large"));
    }

    #[test]
    fn sums_and_values_have_the_same_moments() {
        let mut added = Moments::default();
        for value in [1.0, 2.0, 4.0, 900.0] {
            added.add(value, Some(10.0)).unwrap();
        }
        let from_sums = Moments::from_sums(4.0, 17.0, 121.0).unwrap();
        assert_eq!((added.n(), added.mean()), (from_sums.n(), from_sums.mean()));
        let difference = added.variance_of_mean().unwrap() - from_sums.variance_of_mean().unwrap();
        assert!(difference.abs() < 1e-12, "{difference}");
    }
}
