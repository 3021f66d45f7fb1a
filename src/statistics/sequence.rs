//! Confidence sequences: intervals that are valid however often one looks.
//!
//! The sequences are asymptotic (Waudby-Smith et al., "Time-uniform central limit theory", in the form of GrowthBook). The
//! parameter `rho` sets at which number of observations a sequence is narrowest. It is valid for all numbers.

use crate::statistics::log_normal_tail::log_scaled_cdf;
use crate::statistics::number::{Alpha, LogE};

/// Returns the parameter of the one-sided sequence that makes it narrowest at `tuning` observations.
pub fn one_sided_rho(alpha: Alpha, tuning: f64) -> f64 {
    let log = -2.0 * (2.0 * alpha.get()).ln();
    ((log + log.ln_1p()) / tuning).sqrt()
}

/// Returns the distance from the estimate to the limit of the one-sided sequence, for an estimate from `n` observations.
pub fn one_sided_half_width(standard_error: f64, n: f64, rho: f64, alpha: Alpha) -> f64 {
    let information = n * rho * rho;
    let log = ((information + 1.0).sqrt() / (2.0 * alpha.get())).ln_1p();
    standard_error * (2.0 * (information + 1.0) / information * log).sqrt()
}

/// Returns the logarithm of the likelihood ratio of a half-normal mixture of positive effects against no effect.
///
/// `z` is the estimate in standard errors, and `ratio` the variance of the effects divided by the variance of the
/// estimate.
pub fn half_normal_mixture(z: f64, ratio: f64) -> LogE {
    let scaled = z * (ratio / (1.0 + ratio)).sqrt();
    LogE::new(std::f64::consts::LN_2 + log_scaled_cdf(scaled) - 0.5 * ratio.ln_1p())
}

/// Returns the parameter of the two-sided sequence that makes it narrowest at `tuning` observations.
pub fn two_sided_rho(alpha: Alpha, tuning: f64) -> f64 {
    let log = -2.0 * alpha.get().ln();
    ((log + log.ln_1p()) / tuning).sqrt()
}

/// Returns the distance from the estimate to both limits of the two-sided sequence, for an estimate from `n` observations.
pub fn two_sided_half_width(standard_error: f64, n: f64, rho: f64, alpha: Alpha) -> f64 {
    let information = n * rho * rho;
    let log = 0.5 * information.ln_1p() - alpha.get().ln();
    standard_error * (2.0 * (information + 1.0) / information * log).sqrt()
}

/// Returns the logarithm of the likelihood ratio of a mixture of normal effects against no effect, from which the two-sided
/// sequence is derived: it reaches `1/alpha` where the sequence excludes 0.
///
/// `z` is the estimate in standard errors, and `ratio` the variance of the effects divided by the variance of the estimate.
pub fn normal_mixture(z: f64, ratio: f64) -> LogE {
    LogE::new((0.5 * z * z * (ratio / (1.0 + ratio)) - 0.5 * ratio.ln_1p()).min(f64::MAX))
}

/// Returns the p-value that belongs to evidence. It is valid however often one looks.
pub fn always_valid_p_value(evidence: LogE) -> f64 {
    (-evidence.ln()).exp().min(1.0)
}
