//! The number, mean and spread of values, which keep their digits for values that are large compared with their spread.

use crate::statistics::distribution::{t_tail, t_upper_quantile};
use crate::statistics::number::{Alpha, InvalidNumber, LARGEST, bounded, whole};

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
    pub(crate) fn push(&mut self, value: f64) {
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
    pub fn variance_of_mean(&self) -> Option<f64> {
        (self.n >= 2.0).then(|| self.squares / (self.n - 1.0) / self.n)
    }
}

/// The mean of values with its interval, by Student's distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanInterval {
    /// The mean.
    pub mean: f64,
    /// The lower limit.
    pub lower: f64,
    /// The upper limit.
    pub upper: f64,
    /// The two-sided p-value of the hypothesis that the true mean is 0.
    pub p_value: f64,
}

impl Moments {
    /// Returns the interval that contains the true mean with the probability `1 − alpha`, for values that are
    /// approximately normal, or `None` with fewer than two values. Without spread, the interval is the mean, and the p-value
    /// is 1 for the mean 0 and else 0.
    pub fn mean_interval(&self, alpha: Alpha) -> Option<MeanInterval> {
        let (mean, error, degrees) = (self.mean, self.variance_of_mean()?.sqrt(), self.n - 1.0);
        if error == 0.0 {
            let p_value = if mean == 0.0 { 1.0 } else { 0.0 };
            return Some(MeanInterval { mean, lower: mean, upper: mean, p_value });
        }
        let half = error * t_upper_quantile(alpha.get() / 2.0, degrees);
        let p_value = (2.0 * t_tail(mean.abs() / error, degrees)).min(1.0);
        Some(MeanInterval { mean, lower: mean - half, upper: mean + half, p_value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
