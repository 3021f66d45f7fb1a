//! The moments of up to four values of each unit together: what all tests of an experiment need of the data.
//!
//! Units are added in one pass with the method of Welford, and parts of the data are merged with the method of Chan. Both
//! keep the sums of products of the differences from the means. The plain sums of squares would lose all digits of
//! the variance if the mean is much larger than the spread.

use crate::statistics::number::{InvalidNumber, LARGEST, bounded, whole};

/// The number of variables.
const SIZE: usize = 4;
/// The number of pairs of variables.
const PAIRS: usize = 10;

/// A value that each unit has. What an experiment does not use is 0 for all units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variable {
    /// The value of the metric, `y`. For a ratio metric its numerator, for a proportion 0 or 1, for a quantile the number
    /// of the unit's values at or below the quantile.
    Value,
    /// The covariate, `x`: the same as `y`, measured before the unit's first exposure.
    Covariate,
    /// The denominator of a ratio metric, `d`. For a quantile the number of the unit's values.
    Denominator,
    /// The covariate of the denominator, `e`: the same as `d`, measured before the unit's first exposure.
    DenominatorCovariate,
}

impl Variable {
    /// All variables, in the order of [`Sums`].
    pub const ALL: [Self; SIZE] = [Self::Value, Self::Covariate, Self::Denominator, Self::DenominatorCovariate];

    /// Returns the letter of the variable in the names of columns.
    pub fn letter(self) -> char {
        match self {
            Self::Value => 'y',
            Self::Covariate => 'x',
            Self::Denominator => 'd',
            Self::DenominatorCovariate => 'e',
        }
    }
}

/// Returns the index of a pair of variables, in the order yy, yx, yd, ye, xx, xd, xe, dd, de, ee.
fn pair(left: Variable, right: Variable) -> usize {
    let (low, high) = (left.min(right) as usize, left.max(right) as usize);
    // The rows of the upper triangle have 4, 3, 2 and 1 elements.
    low * SIZE - low * low.saturating_sub(1) / 2 + high - low
}

/// The sums of values and of products of values of units, as a database adds them up.
///
/// The values are those of the units minus a `shift`, which is the same for all units. A shift near the mean keeps the
/// digits of the variance. It is 0 if the mean is not much larger than the spread.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sums {
    /// The number of units.
    pub n: f64,
    shift: [f64; SIZE],
    sum: [f64; SIZE],
    products: [f64; PAIRS],
}

impl Sums {
    /// Creates sums of a number of units whose values are all 0.
    pub fn new(n: f64) -> Self {
        Self { n, ..Self::default() }
    }

    /// Sets the number that was subtracted from each value of a variable.
    pub fn set_shift(&mut self, variable: Variable, shift: f64) {
        set(&mut self.shift, variable as usize, shift);
    }

    /// Sets the sum of a variable.
    pub fn set_sum(&mut self, variable: Variable, sum: f64) {
        set(&mut self.sum, variable as usize, sum);
    }

    /// Sets the sum of the products of two variables, or of the squares of one.
    pub fn set_product(&mut self, left: Variable, right: Variable, product: f64) {
        set(&mut self.products, pair(left, right), product);
    }

    /// Returns the number that was subtracted from each value of a variable.
    pub fn shift(&self, variable: Variable) -> f64 {
        get(&self.shift, variable as usize)
    }

    /// Returns the sum of a variable.
    pub fn sum(&self, variable: Variable) -> f64 {
        get(&self.sum, variable as usize)
    }

    /// Returns the sum of the products of two variables, or of the squares of one.
    pub fn product(&self, left: Variable, right: Variable) -> f64 {
        get(&self.products, pair(left, right))
    }
}

fn get(list: &[f64], index: usize) -> f64 {
    list.get(index).copied().unwrap_or_default()
}

fn set(list: &mut [f64], index: usize, value: f64) {
    if let Some(slot) = list.get_mut(index) {
        *slot = value;
    }
}

/// The number, means, variances and covariances of the values of units.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct JointMoments {
    n: f64,
    means: [f64; SIZE],
    /// The sums of the products of the differences from the means.
    products: [f64; PAIRS],
}

impl JointMoments {
    /// Adds a unit with its values in the order of [`Variable::ALL`]: `y`, `x`, `d`, `e`.
    ///
    /// # Errors
    /// Returns [`InvalidNumber`] if a value is not finite or its absolute value exceeds [`LARGEST`].
    pub fn add(&mut self, values: [f64; SIZE]) -> Result<(), InvalidNumber> {
        for value in values {
            bounded("value", value, LARGEST)?;
        }
        self.n += 1.0;
        let mut before = values;
        for ((difference, value), mean) in before.iter_mut().zip(values).zip(&mut self.means) {
            *difference = value - *mean;
            *mean += *difference / self.n;
        }
        let mut products = self.products.iter_mut();
        for (left, before) in before.iter().enumerate() {
            for (value, mean) in values.iter().zip(&self.means).skip(left) {
                if let Some(product) = products.next() {
                    *product += before * (value - mean);
                }
            }
        }
        Ok(())
    }

    /// Adds the units of another part of the data.
    pub fn merge(&mut self, other: &Self) {
        let n = self.n + other.n;
        if n == 0.0 {
            return;
        }
        let weight = self.n * other.n / n;
        let mut difference = other.means;
        for (difference, mean) in difference.iter_mut().zip(self.means) {
            *difference -= mean;
        }
        let mut products = self.products.iter_mut().zip(other.products);
        for (index, left) in difference.iter().enumerate() {
            for right in difference.iter().skip(index) {
                if let Some((product, other)) = products.next() {
                    *product += other + left * right * weight;
                }
            }
        }
        for (mean, difference) in self.means.iter_mut().zip(difference) {
            *mean += difference * (other.n / n);
        }
        self.n = n;
    }

    /// Computes the moments from sums.
    ///
    /// # Errors
    /// Returns [`InvalidNumber`] if a number is not finite, if `n` is not a count, if a mean exceeds [`LARGEST`], or if no
    /// values have these sums: a sum of squares that is too small, or a sum of products that is too large.
    pub fn from_sums(sums: &Sums) -> Result<Self, InvalidNumber> {
        let n = whole("n", sums.n)?;
        let mut moments = Self { n, ..Self::default() };
        let scale = n.max(1.0);
        for variable in Variable::ALL {
            let shift = bounded("shift", sums.shift(variable), LARGEST)?;
            let sum = bounded("sum", sums.sum(variable), LARGEST * scale)?;
            if n == 0.0 && sum != 0.0 {
                return Err(InvalidNumber::InconsistentSums { n, sum, sum_sq: sums.product(variable, variable) });
            }
            set(&mut moments.means, variable as usize, if n == 0.0 { 0.0 } else { shift + sum / n });
        }
        for (index, left) in Variable::ALL.into_iter().enumerate() {
            for right in Variable::ALL.into_iter().skip(index) {
                let product = bounded("sum of products", sums.product(left, right), LARGEST * LARGEST * scale)?;
                let (sum, other) = (sums.sum(left), sums.sum(right));
                let centred = if n == 0.0 { product } else { product - sum * (other / n) };
                let inconsistent = InvalidNumber::InconsistentSums { n, sum, sum_sq: product };
                if left == right {
                    // Sums that were added up in another order differ by rounding only.
                    if centred < -1e-9 * product.abs() || (n <= 1.0 && centred > 1e-9 * product.abs()) {
                        return Err(inconsistent);
                    }
                    // A spread below the rounding of the sums is no spread.
                    let centred = if centred <= 1e-13 * product || n <= 1.0 { 0.0 } else { centred };
                    set(&mut moments.products, pair(left, right), centred);
                } else {
                    set(&mut moments.products, pair(left, right), centred);
                }
            }
        }
        moments.check_products(sums)?;
        Ok(moments)
    }

    /// Refuses sums of products that exceed what the variances allow, beyond rounding.
    fn check_products(&mut self, sums: &Sums) -> Result<(), InvalidNumber> {
        for (index, left) in Variable::ALL.into_iter().enumerate() {
            for right in Variable::ALL.into_iter().skip(index + 1) {
                let limit = (self.product(left, left) * self.product(right, right)).sqrt();
                let rounding = 1e-9 * (sums.product(left, left) * sums.product(right, right)).sqrt();
                let product = self.product(left, right);
                if product.abs() > limit * (1.0 + 1e-9) + rounding {
                    return Err(InvalidNumber::InconsistentProducts {
                        left: left.letter(),
                        right: right.letter(),
                        product: sums.product(left, right),
                    });
                }
                set(&mut self.products, pair(left, right), product.clamp(-limit, limit));
            }
        }
        Ok(())
    }

    /// Returns the sums about the means, from which [`JointMoments::from_sums`] makes the same moments.
    pub fn to_sums(&self) -> Sums {
        Sums { n: self.n, shift: self.means, sum: [0.0; SIZE], products: self.products }
    }

    /// Returns the number of units.
    pub fn n(&self) -> f64 {
        self.n
    }

    /// Returns the mean of a variable. It is 0 without units.
    pub fn mean(&self, variable: Variable) -> f64 {
        get(&self.means, variable as usize)
    }

    /// Returns the covariance of two variables, or the variance of one, with the divisor `n − 1`. It is 0 with fewer than
    /// two units.
    pub fn covariance(&self, left: Variable, right: Variable) -> f64 {
        if self.n < 2.0 { 0.0 } else { self.product(left, right) / (self.n - 1.0) }
    }

    /// Returns the sum of the products of the differences from the means.
    pub fn product(&self, left: Variable, right: Variable) -> f64 {
        get(&self.products, pair(left, right))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: [[f64; 4]; 5] =
        [[1.0, 2.0, 1.0, 3.0], [4.0, 1.0, 2.0, 5.0], [9.0, -3.0, 2.0, 0.0], [0.5, 2.5, 7.0, 1.0], [2.0, 2.0, 3.0, 2.0]];

    fn added(rows: &[[f64; 4]], shift: f64) -> JointMoments {
        let mut moments = JointMoments::default();
        for row in rows {
            moments.add(row.map(|value| value + shift)).unwrap();
        }
        moments
    }

    fn assert_near(found: &JointMoments, expected: &JointMoments, tolerance: f64) {
        assert_eq!(found.n(), expected.n());
        for left in Variable::ALL {
            assert!((found.mean(left) - expected.mean(left)).abs() <= tolerance * expected.mean(left).abs().max(1.0));
            for right in Variable::ALL {
                let (found, expected) = (found.covariance(left, right), expected.covariance(left, right));
                assert!((found - expected).abs() <= tolerance * expected.abs().max(1.0), "{found} {expected}");
            }
        }
    }

    #[test]
    fn parts_that_are_merged_have_the_moments_of_the_whole() {
        let mut parts = added(&ROWS[..2], 0.0);
        parts.merge(&added(&ROWS[2..], 0.0));
        parts.merge(&JointMoments::default());
        assert_near(&parts, &added(&ROWS, 0.0), 1e-14);
        assert_eq!(
            parts.covariance(Variable::Value, Variable::Covariate),
            added(&ROWS, 0.0).covariance(Variable::Covariate, Variable::Value)
        );
    }

    #[test]
    fn values_far_from_zero_keep_the_digits_of_their_spread() {
        let (near, far) = (added(&ROWS, 0.0), added(&ROWS, 1e9));
        for left in Variable::ALL {
            for right in Variable::ALL {
                assert!((near.covariance(left, right) - far.covariance(left, right)).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn sums_have_the_moments_of_their_values() {
        for shift in [0.0, 3.0] {
            let mut sums = Sums { n: 5.0, ..Sums::default() };
            for (index, left) in Variable::ALL.into_iter().enumerate() {
                sums.set_shift(left, shift);
                sums.set_sum(left, ROWS.iter().map(|row| row[index] - shift).sum());
                for (other, right) in Variable::ALL.into_iter().enumerate() {
                    let product = ROWS.iter().map(|row| (row[index] - shift) * (row[other] - shift)).sum();
                    sums.set_product(left, right, product);
                }
            }
            let moments = JointMoments::from_sums(&sums).unwrap();
            assert_near(&moments, &added(&ROWS, 0.0), 1e-13);
            assert_eq!(JointMoments::from_sums(&moments.to_sums()).unwrap(), moments);
        }
    }

    #[test]
    fn sums_that_no_values_have_are_refused() {
        let name = |n: f64, sum: f64, square: f64, product: f64| {
            let mut sums = Sums { n, ..Sums::default() };
            sums.set_sum(Variable::Value, sum);
            sums.set_product(Variable::Value, Variable::Value, square);
            sums.set_product(Variable::Covariate, Variable::Covariate, 1.0);
            sums.set_product(Variable::Value, Variable::Covariate, product);
            JointMoments::from_sums(&sums).map_err(|error| error.name()).map(|moments| moments.n())
        };
        assert_eq!(name(10.0, 100.0, 100.0, 0.0), Err("inconsistent-sums"));
        assert_eq!(name(10.0, 1.0, 1.0, 2.0), Err("inconsistent-products"));
        assert_eq!(name(10.0, f64::NAN, 1.0, 0.0), Err("not-finite"));
        assert_eq!(name(1.5, 1.0, 1.0, 0.0), Err("fractional"));
        assert_eq!(name(0.0, 1.0, 1.0, 0.0), Err("inconsistent-sums"));
        assert_eq!(name(10.0, 1e17, 1.0, 0.0), Err("too-large"));
        assert_eq!(name(10.0, 1.0, 1.0, 0.5), Ok(10.0));
        assert!(JointMoments::default().add([0.0, f64::INFINITY, 0.0, 0.0]).is_err());
    }
}
