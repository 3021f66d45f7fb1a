//! The parts of the gamma function that keep their digits for large arguments, and the tail of the χ² distribution.
//!
//! The logarithm of the gamma function of a count of 1e9 has the error 1e-6, and differences of such logarithms lose
//! all digits of a probability. Hence Stirling's series with its error, and deviances, in the way of Loader ("Fast and
//! accurate computation of binomial probabilities"). Crates of statistics take the difference.

use std::f64::consts::PI;

/// The number of terms after which a series or a continued fraction ends in any case.
const MAX_TERMS: u32 = 10_000;
/// The relative size of the terms that are left out.
const PRECISION: f64 = 1e-16;

/// Returns the probability that a χ² variable exceeds `x`. It needs at least one degree of freedom, and `x` from 0.
pub fn chi_squared_tail(x: f64, degrees: f64) -> f64 {
    let (a, x) = (degrees / 2.0, x / 2.0);
    if x <= 0.0 {
        return 1.0;
    }
    // x^a·e^(−x) / Γ(a+1)
    let weight = (-(x * deviance((a - x) / x)) - stirling_error(a)).exp() / (2.0 * PI * a).sqrt();
    if weight == 0.0 {
        return if x > a { 0.0 } else { 1.0 };
    }
    if x < a + 1.0 {
        let (mut term, mut sum, mut index) = (1.0, 1.0, a);
        for _ in 0..MAX_TERMS {
            index += 1.0;
            term *= x / index;
            sum += term;
            if term < sum * PRECISION {
                break;
            }
        }
        return (1.0 - weight * sum).clamp(0.0, 1.0);
    }
    // The continued fraction of the upper tail, with the method of Lentz.
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (f64::MAX, b.recip());
    let mut fraction = d;
    for term in 1..MAX_TERMS {
        let term = f64::from(term);
        let factor = -term * (term - a);
        b += 2.0;
        d = (factor * d + b).recip();
        c = b + factor / c;
        fraction *= c * d;
        if (c * d - 1.0).abs() < PRECISION {
            break;
        }
    }
    (weight * a * fraction).clamp(0.0, 1.0)
}

/// Returns `(1+r)·ln(1+r) − r` for `r ≥ −1`, without cancellation near 0.
pub(crate) fn deviance(r: f64) -> f64 {
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
pub(crate) fn stirling_error(x: f64) -> f64 {
    if x < 16.0 {
        return libm::lgamma(x) - ((x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln());
    }
    let square = (x * x).recip();
    (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square * (1.0 / 1680.0 - square / 1188.0)))) / x
}
