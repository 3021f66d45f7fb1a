//! The normal, beta and Student's t distributions: their tails and quantiles.
//!
//! Both tails are computed directly, so that a small probability keeps its digits. A quantile is found by search on
//! its tail: the published approximations have errors of up to 1e-4 for many degrees of freedom.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use crate::statistics::gamma::{deviance, stirling_error};

/// The number of terms of a continued fraction for counts up to 1e10.
const MAX_TERMS: u32 = 4_000_000;
/// The number of degrees of freedom above which Student's distribution is computed from the normal distribution.
const MANY_DEGREES: f64 = 1e7;

/// Returns the probability that a standard normal variable exceeds `z`.
pub fn normal_tail(z: f64) -> f64 {
    0.5 * libm::erfc(z * FRAC_1_SQRT_2)
}

/// Returns the number that a standard normal variable exceeds with a probability from 1e-300 to 0.5.
pub fn normal_upper_quantile(tail: f64) -> f64 {
    let t = (-2.0 * tail.ln()).max(0.0).sqrt();
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let below = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    let mut z = t - above / below;
    // Each step of Halley's method triples the number of digits, of which the start has three.
    for _ in 0..3 {
        let density = (-0.5 * z * z).exp() / (2.0 * PI).sqrt();
        let step = (normal_tail(z) - tail) / density;
        z += step / (1.0 - 0.5 * z * step);
    }
    z
}

/// The two tails of a distribution at a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tails {
    /// The probability of smaller numbers.
    pub lower: f64,
    /// The probability of larger numbers.
    pub upper: f64,
}

/// Returns the tails of the beta distribution at `x`, where `y` is `1 − x`. The parameters are above 0 and at most 1e10.
pub fn beta_tails(a: f64, b: f64, x: f64, y: f64) -> Tails {
    if x <= 0.0 {
        return Tails { lower: 0.0, upper: 1.0 };
    }
    if y <= 0.0 {
        return Tails { lower: 1.0, upper: 0.0 };
    }
    let n = a + b;
    let distance = n * x * deviance((a - n * x) / (n * x)) + n * y * deviance((b - n * y) / (n * y));
    let errors = stirling_error(a) + stirling_error(b) - stirling_error(n);
    // x^a·y^b / B(a, b)
    let weight = (a / n * b / (2.0 * PI)).sqrt() * (-distance - errors).exp();
    if x < (a + 1.0) / (n + 2.0) {
        let lower = (weight / a * beta_fraction(a, b, x)).clamp(0.0, 1.0);
        Tails { lower, upper: 1.0 - lower }
    } else {
        let upper = (weight / b * beta_fraction(b, a, y)).clamp(0.0, 1.0);
        Tails { lower: 1.0 - upper, upper }
    }
}

/// Returns the continued fraction of the incomplete beta function, with the method of Lentz.
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    let tiny = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let mut c = 1.0;
    let mut d = tiny(1.0 - (a + b) * x / (a + 1.0)).recip();
    let mut fraction = d;
    for term in 1..MAX_TERMS {
        let m = f64::from(term);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut last = 1.0;
        for factor in [even, odd] {
            d = tiny(1.0 + factor * d).recip();
            c = tiny(1.0 + factor / c);
            last = c * d;
            fraction *= last;
        }
        if (last - 1.0).abs() < 1e-15 {
            break;
        }
    }
    fraction
}

/// Returns the number below which a beta variable is with a probability above 0 and below 1.
pub fn beta_lower_quantile(a: f64, b: f64, lower: f64) -> f64 {
    if beta_tails(a, b, 0.5, 0.5).lower >= lower {
        bisect(0.0, 0.5, |x| beta_tails(a, b, x, 1.0 - x).lower < lower)
    } else {
        1.0 - bisect(0.0, 0.5, |y| beta_tails(a, b, 1.0 - y, y).lower > lower)
    }
}

/// Returns the number above which a beta variable is with a probability above 0 and below 1.
pub fn beta_upper_quantile(a: f64, b: f64, upper: f64) -> f64 {
    if beta_tails(a, b, 0.5, 0.5).upper <= upper {
        bisect(0.0, 0.5, |x| beta_tails(a, b, x, 1.0 - x).upper > upper)
    } else {
        1.0 - bisect(0.0, 0.5, |y| beta_tails(a, b, 1.0 - y, y).upper < upper)
    }
}

/// Returns the probability that a variable of Student's distribution exceeds `t`, which is from 0.
pub fn t_tail(t: f64, degrees: f64) -> f64 {
    if degrees > MANY_DEGREES {
        // The first terms of the series of Fisher. The next are below 1e-12 of the probability for `t` up to 40.
        let correction = (1.0 + t * t) / (4.0 * degrees);
        return normal_tail(t - t * correction.min(0.5));
    }
    let square = t * t;
    0.5 * beta_tails(degrees / 2.0, 0.5, degrees / (degrees + square), square / (degrees + square)).lower
}

/// Returns the number that a variable of Student's distribution exceeds with a probability above 0 and below 0.5.
pub fn t_upper_quantile(tail: f64, degrees: f64) -> f64 {
    let mut high = normal_upper_quantile(tail).max(1.0);
    while t_tail(high, degrees) > tail && high < 1e150 {
        high *= 2.0;
    }
    // The method of false position on the logarithm of the tail, in the form of Illinois, needs about ten steps.
    let height = |t: f64| (t_tail(t, degrees) / tail).ln().max(-1e3);
    let (mut low, mut above, mut below) = (0.0, height(0.0), height(high));
    let mut last = 0.0;
    for _ in 0..200 {
        let middle = (low * below - high * above) / (below - above);
        let own = height(middle);
        if own.abs() < 1e-15 || middle <= low || middle >= high {
            return middle;
        }
        if own > 0.0 {
            (low, above) = (middle, own);
            below *= if last > 0.0 { 0.5 } else { 1.0 };
        } else {
            (high, below) = (middle, own);
            above *= if last < 0.0 { 0.5 } else { 1.0 };
        }
        last = own;
    }
    f64::midpoint(low, high)
}

/// Returns the number between `low`, from 0, and `high` at which a condition stops to hold. The relative error is 1e-15, and
/// numbers below 1e-300 are 0.
pub(crate) fn bisect(mut low: f64, mut high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    // Arithmetic means need a thousand steps towards a small number, geometric means do not.
    for _ in 0..400 {
        let middle = match low {
            0.0 if high > 1e-300 => high * 1e-3,
            _ if high > 4.0 * low => (low * high).sqrt(),
            _ => low + (high - low) / 2.0,
        };
        if middle <= low || middle >= high || high <= 1e-300 {
            break;
        }
        if holds(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    if high <= 1e-300 { 0.0 } else { high }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_normal_quantile_is_that_of_tables() {
        assert!((normal_upper_quantile(0.05) - 1.644_853_626_951_472_7).abs() < 1e-12);
        assert!((normal_upper_quantile(0.000_5) - 3.290_526_731_491_926).abs() < 1e-12);
    }
}
