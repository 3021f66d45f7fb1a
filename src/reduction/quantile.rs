//! Quantiles of an arm, with the order statistics for their standard error.

use crate::experiment::QuantileEstimate;

/// The 97.5 % quantile of the standard normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// Returns the quantile of values, which are sorted, or `None` without values.
pub(super) fn quantile(values: &mut [f64], level: f64) -> Option<QuantileEstimate> {
    values.sort_unstable_by(f64::total_cmp);
    let count = f64::from(u32::try_from(values.len()).ok()?);
    let error = (level * (1.0 - level) / count).sqrt();
    let value = |rank: f64| at_rank(values, rank);
    Some(QuantileEstimate {
        level,
        estimate: value((count * level).ceil())?,
        lower: value((count * (level - Z * error)).floor())?,
        upper: value((count * (level + Z * error)).ceil())?,
    })
}

/// Returns the value at a rank, counted from one, or the first or last value if the rank is outside.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank is from 0 to 2^32")]
pub(super) fn at_rank(sorted: &[f64], rank: f64) -> Option<f64> {
    let index = (rank.max(1.0) as usize).min(sorted.len()).checked_sub(1)?;
    sorted.get(index).copied()
}
