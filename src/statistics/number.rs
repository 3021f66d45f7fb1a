//! The checked numbers that tests take and return.
//!
//! A metrics server, a warehouse or a file can return anything. The constructors of these types are the only way into the
//! tests, so that the formulas need no case for NaN and infinity.

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
    /// No values have this sum of products, because their variances are too small for it.
    #[error(
        "no values have the sum {product} of the products of `{left}` and `{right}`: their variances are too small"
    )]
    InconsistentProducts {
        /// The letter of a variable.
        left: char,
        /// The letter of the other variable.
        right: char,
        /// The sum of their products.
        product: f64,
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
            Self::InconsistentProducts { .. } => "inconsistent-products",
            Self::OutOfRange { .. } => "out-of-range",
        }
    }
}

/// Checks that a number is finite and its absolute value at most `largest`.
pub(crate) fn bounded(what: &'static str, value: f64, largest: f64) -> Result<f64, InvalidNumber> {
    if !value.is_finite() {
        return Err(InvalidNumber::NotFinite { what, value });
    }
    if value.abs() > largest {
        return Err(InvalidNumber::TooLarge { what, value });
    }
    Ok(value)
}

/// Checks that a number is from 0 to [`LARGEST`].
pub(crate) fn amount(what: &'static str, value: f64) -> Result<f64, InvalidNumber> {
    let value = bounded(what, value, LARGEST)?;
    if value < 0.0 {
        return Err(InvalidNumber::Negative { what, value });
    }
    // Minus zero becomes zero.
    Ok(value + 0.0)
}

/// Checks that a number is a whole number from 0 to [`LARGEST`].
pub(crate) fn whole(what: &'static str, value: f64) -> Result<f64, InvalidNumber> {
    let value = amount(what, value)?;
    if value.fract() != 0.0 {
        return Err(InvalidNumber::Fractional { what, value });
    }
    Ok(value)
}

/// Checks that a finite setting satisfies a condition, which `range` describes in words.
pub(crate) fn setting(
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
    pub(crate) fn new(log_e: f64) -> Self {
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
    pub(crate) fn divided(self, by: f64) -> Self {
        Self((self.0 / by.max(1.0)).max(SMALLEST_ALPHA))
    }

    /// Returns the logarithm of the e-value that proves at this probability: `ln(1/alpha)`.
    pub fn threshold(self) -> LogE {
        LogE::new(-self.0.ln())
    }
}
