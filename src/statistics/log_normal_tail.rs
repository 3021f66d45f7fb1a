//! The normal distribution, on a scale on which its tail does not underflow.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// Returns `ln(Φ(z)·exp(z²/2))`, where Φ is the distribution function of the standard normal distribution.
///
/// Both factors alone overflow or underflow for `|z|` above 38. Their product does not for negative `z`, and its
/// logarithm does not for any.
pub(crate) fn log_scaled_cdf(z: f64) -> f64 {
    if z > -10.0 {
        return (0.5 * libm::erfc(-z * FRAC_1_SQRT_2)).ln() + 0.5 * z * z;
    }
    // The asymptotic series of Mills' ratio. At z = -10 the first term that is left out is 1.4e-12.
    let step = (z * z).recip();
    let mut series = 1.0;
    for odd in [19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0] {
        series = 1.0 - odd * step * series;
    }
    series.ln() - (-z).ln() - 0.5 * (2.0 * PI).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_formulas_meet() {
        let (above, below) = (log_scaled_cdf(-10.0 + 1e-9), log_scaled_cdf(-10.0));
        assert!((above - below).abs() < 1e-9, "{above} {below}");
    }

    #[test]
    fn known_values() {
        assert!((log_scaled_cdf(0.0) + 2_f64.ln()).abs() < 1e-15);
        assert!((log_scaled_cdf(40.0) - 800.0).abs() < 1e-12);
        // ln Φ(-10) + 50 and ln Φ(-12.5) + 78.125, computed with 50 digits.
        assert!((log_scaled_cdf(-10.0) + 3.231_285_150_512_47).abs() < 1e-11);
        assert!((log_scaled_cdf(-12.5) + 3.450_967_870_743_88).abs() < 1e-13);
        assert!(log_scaled_cdf(-1e100).is_finite());
    }
}
