//! Exact shares of all units, as fractions.
//!
//! A share is a rational number and not a float, because sums, products and comparisons of shares must not be rounded.
//! For example, a rollout of 10 % within a split of 1/3 is exactly 1/30.
//!
//! **Invariant:** a share is in lowest terms and lies between zero and one, except for intermediate sums.

use std::fmt;

use crate::analyze::error::{AnalysisError, Excess};
use crate::bundle::BUCKETS;

/// A rational number from zero to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Share {
    numerator: u128,
    denominator: u128,
}

fn divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

impl Share {
    /// No units.
    pub const NONE: Self = Self { numerator: 0, denominator: 1 };
    /// All units.
    pub const ALL: Self = Self { numerator: 1, denominator: 1 };

    /// Returns `numerator / denominator` in lowest terms, or [`Share::NONE`] for a denominator of zero.
    pub fn new(numerator: u128, denominator: u128) -> Self {
        if denominator == 0 {
            return Self::NONE;
        }
        let common = divisor(numerator, denominator);
        Self { numerator: numerator / common, denominator: denominator / common }
    }

    /// Returns the share of a number of buckets in all [`BUCKETS`].
    pub fn of_buckets(buckets: u32) -> Self {
        Self::new(u128::from(buckets), u128::from(BUCKETS))
    }

    /// Returns the numerator in lowest terms.
    pub fn numerator(self) -> u128 {
        self.numerator
    }

    /// Returns the denominator in lowest terms.
    pub fn denominator(self) -> u128 {
        self.denominator
    }

    /// Returns the nearest double.
    #[allow(clippy::cast_precision_loss, reason = "for display and for thresholds that people choose")]
    pub fn as_f64(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    /// Returns the sum.
    ///
    /// # Errors
    /// Returns [`AnalysisError::Exhausted`] if the fraction does not fit into 128 bits.
    pub(crate) fn checked_add(self, other: Self) -> Result<Self, AnalysisError> {
        let common = divisor(self.denominator, other.denominator);
        let (left, right) = (other.denominator / common, self.denominator / common);
        let sum = |a: u128, b: u128| a.checked_add(b);
        let numerator = sum(product(self.numerator, left)?, product(other.numerator, right)?);
        Ok(Self::new(numerator.ok_or(AnalysisError::Exhausted(Excess::Fractions))?, product(self.denominator, left)?))
    }

    /// Returns the product.
    ///
    /// # Errors
    /// Returns [`AnalysisError::Exhausted`] if the fraction does not fit into 128 bits.
    pub(crate) fn checked_mul(self, other: Self) -> Result<Self, AnalysisError> {
        let (a, b) = (Self::new(self.numerator, other.denominator), Self::new(other.numerator, self.denominator));
        Ok(Self::new(product(a.numerator, b.numerator)?, product(a.denominator, b.denominator)?))
    }

    /// Returns `self / other`, or [`Share::NONE`] if `other` is zero.
    ///
    /// # Errors
    /// Returns [`AnalysisError::Exhausted`] if the fraction does not fit into 128 bits.
    pub(crate) fn checked_div(self, other: Self) -> Result<Self, AnalysisError> {
        self.checked_mul(Self { numerator: other.denominator, denominator: other.numerator.max(1) })
            .map(|quotient| if other == Self::NONE { Self::NONE } else { quotient })
    }

    /// Returns `self - other`, or zero if `other` is larger.
    ///
    /// # Errors
    /// Returns [`AnalysisError::Exhausted`] if the fraction does not fit into 128 bits.
    pub(crate) fn saturating_sub(self, other: Self) -> Result<Self, AnalysisError> {
        let (left, right) = (product(self.numerator, other.denominator)?, product(other.numerator, self.denominator)?);
        Ok(Self::new(left.saturating_sub(right), product(self.denominator, other.denominator)?))
    }
}

fn product(a: u128, b: u128) -> Result<u128, AnalysisError> {
    a.checked_mul(b).ok_or(AnalysisError::Exhausted(Excess::Fractions))
}

impl PartialOrd for Share {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Share {
    /// Compares the continued fractions, because cross multiplication could overflow.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let (mut a, mut b, mut reversed) = (*self, *other, false);
        loop {
            let integer_parts = (a.numerator / a.denominator).cmp(&(b.numerator / b.denominator));
            let remainders = (a.numerator % a.denominator, b.numerator % b.denominator);
            let order = match (integer_parts, remainders) {
                (std::cmp::Ordering::Equal, (0, 0)) => return std::cmp::Ordering::Equal,
                (std::cmp::Ordering::Equal, (0, _)) => std::cmp::Ordering::Less,
                (std::cmp::Ordering::Equal, (_, 0)) => std::cmp::Ordering::Greater,
                (std::cmp::Ordering::Equal, (x, y)) => {
                    a = Self { numerator: a.denominator, denominator: x };
                    b = Self { numerator: b.denominator, denominator: y };
                    reversed = !reversed;
                    continue;
                }
                (order, _) => order,
            };
            return if reversed { order.reverse() } else { order };
        }
    }
}

impl fmt::Display for Share {
    /// Writes a percentage: `12.5%` if three decimals are exact, otherwise the nearest one, such as `≈ 6.667%`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let thousandths = u128::from(BUCKETS);
        let (scaled, exact) = match self.numerator.checked_mul(thousandths) {
            Some(scaled) => {
                let (whole, rest) = (scaled / self.denominator, scaled % self.denominator);
                (whole + u128::from(rest >= self.denominator - rest), rest == 0)
            }
            None => (self.numerator / (self.denominator / thousandths).max(1), false),
        };
        let buckets = u32::try_from(scaled.min(thousandths)).unwrap_or(BUCKETS);
        let percent = crate::bundle::Percent::from_buckets(buckets).unwrap_or(crate::bundle::Percent::ZERO);
        if exact { write!(f, "{percent}") } else { write!(f, "≈ {percent}") }
    }
}
