//! Computes rates, intervals and the verdict from the sums of comparison records.

use crate::events::RowCounts;
use crate::model::PromotionCriteria;
use crate::shadow::latency::LatencyComparison;
use crate::shadow::outcome::Outcome;
use crate::shadow::tally::{OutcomeCounts, Tally};
use crate::shadow::verdict::{ShadowReason, ShadowVerdict};
use crate::statistics::{Alpha, Interval, InvalidNumber, Proportion, mcnemar, newcombe};

/// The report on a dark launch.
#[derive(Debug, Clone)]
pub struct ShadowReport {
    /// The criteria.
    pub criteria: PromotionCriteria,
    /// How often the candidate differs from the control.
    pub mismatch: Option<MismatchRate>,
    /// How often the control differs from itself.
    pub noise: Option<MismatchRate>,
    /// How much more often the candidate differs.
    pub excess: Option<Excess>,
    /// Whether the candidate fails as often as the control.
    pub errors: ErrorParity,
    /// How much slower the candidate is.
    pub latency: Option<LatencyComparison>,
    /// The verdict.
    pub verdict: ShadowVerdict,
    /// The reasons of the verdict.
    pub reasons: Vec<ShadowReason>,
}

/// A rate of mismatches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MismatchRate {
    /// The number of mismatches.
    pub mismatches: u64,
    /// The number of pairs.
    pub pairs: u64,
    /// The rate.
    pub rate: f64,
    /// The exact 95% interval. Without a mismatch, its upper limit is the one-sided limit of 95%.
    pub interval: Interval,
}

/// How much more often the candidate differs from the control than the control from itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Excess {
    /// The difference of the rates.
    pub difference: f64,
    /// Its 95% interval.
    pub interval: Interval,
}

/// Whether the candidate fails as often as the control, by McNemar's exact test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ErrorParity {
    /// The number of requests in which only the candidate failed.
    pub only_candidate: u64,
    /// The number of requests in which only the control failed.
    pub only_control: u64,
    /// The probability of a difference at least as large if both fail equally often.
    pub p: f64,
}

/// The probability of a wrong result of an interval or of the test of failures.
const ALPHA: f64 = 0.05;
/// The rate of noise at which a comparison says little.
const MAX_NOISE: f64 = 0.1;
/// The share of rows that may be bad is one of this number.
const GOOD_ROWS_PER_BAD: u64 = 100;

impl MismatchRate {
    fn of(counts: &OutcomeCounts, alpha: Alpha) -> Result<Option<Self>, InvalidNumber> {
        let (mismatches, pairs) = (counts.mismatches(), counts.pairs());
        if pairs == 0 {
            return Ok(None);
        }
        let proportion = Proportion::new(number(mismatches), number(pairs))?;
        let interval = match mismatches {
            0 => Interval { lower: 0.0, upper: proportion.upper_limit(alpha) },
            _ => proportion.clopper_pearson(alpha),
        };
        Ok(Some(Self { mismatches, pairs, rate: proportion.rate(), interval }))
    }
}

impl Excess {
    /// Without pairs of two control runs, the noise counts as zero.
    fn of(mismatch: &MismatchRate, noise: Option<&MismatchRate>, alpha: Alpha) -> Result<Self, InvalidNumber> {
        let proportion = |rate: &MismatchRate| Proportion::new(number(rate.mismatches), number(rate.pairs));
        Ok(match noise {
            None => Self { difference: mismatch.rate, interval: mismatch.interval },
            Some(noise) => Self {
                difference: mismatch.rate - noise.rate,
                interval: newcombe(proportion(mismatch)?, proportion(noise)?, alpha),
            },
        })
    }
}

impl ErrorParity {
    fn of(counts: &OutcomeCounts) -> Result<Self, InvalidNumber> {
        let only_candidate = counts.of(Outcome::OnlyCandidateFailed);
        let only_control = counts.of(Outcome::OnlyControlFailed);
        let p = mcnemar(number(only_candidate), number(only_control))?;
        Ok(Self { only_candidate, only_control, p })
    }
}

/// Reports on the sums of comparison records.
///
/// # Errors
/// Returns [`InvalidNumber`] if the statistics refuse a number, which the limits of a [`Tally`] exclude.
pub fn report(tally: &Tally, rows: &RowCounts, criteria: PromotionCriteria) -> Result<ShadowReport, InvalidNumber> {
    let alpha = Alpha::new(ALPHA)?;
    let mismatch = MismatchRate::of(&tally.candidate, alpha)?;
    let noise = MismatchRate::of(&tally.control, alpha)?;
    let excess = mismatch.as_ref().map(|mismatch| Excess::of(mismatch, noise.as_ref(), alpha)).transpose()?;
    let errors = ErrorParity::of(&tally.candidate)?;
    let latency = LatencyComparison::of(&tally.durations, tally.without_duration);
    let mut report = ShadowReport {
        criteria,
        mismatch,
        noise,
        excess,
        errors,
        latency,
        verdict: ShadowVerdict::Equivalent,
        reasons: Vec::new(),
    };
    let mut found = report.reasons(rows);
    let verdicts = [ShadowVerdict::DataProblem, ShadowVerdict::Different, ShadowVerdict::NotEnoughData];
    let worst = verdicts.into_iter().find(|verdict| found.iter().any(|reason| reason.verdict() == *verdict));
    report.verdict = worst.unwrap_or(ShadowVerdict::Equivalent);
    if worst.is_none() {
        found.push(ShadowReason::CriteriaMet);
    }
    report.reasons = found;
    Ok(report)
}

impl ShadowReport {
    /// Returns everything that keeps the candidate from being equivalent.
    fn reasons(&self, rows: &RowCounts) -> Vec<ShadowReason> {
        let criteria = &self.criteria;
        let mut reasons = Vec::new();
        let (bad, all) = (rows.bad_rows(), rows.rows());
        if bad > 0 && bad.saturating_mul(GOOD_ROWS_PER_BAD) > all {
            reasons.push(ShadowReason::BadRows { bad, rows: all });
        }
        if let Some(noise) = self.noise.filter(|noise| noise.interval.lower > MAX_NOISE) {
            reasons.push(ShadowReason::Noise { lower: noise.interval.lower });
        }
        if let Some(Excess { interval, .. }) = self.excess {
            let Interval { lower, upper } = interval;
            let limit = f64::from(criteria.max_excess_mismatch.buckets()) / 100_000.0;
            if upper > limit {
                reasons.push(if lower > 0.0 {
                    ShadowReason::MoreMismatches { interval }
                } else {
                    let limit = criteria.max_excess_mismatch;
                    ShadowReason::ExcessUnknown { upper, limit, needed: needed_pairs(limit.buckets()) }
                });
            }
        }
        let ErrorParity { only_candidate, only_control, p } = self.errors;
        if only_candidate > only_control && p < ALPHA {
            reasons.push(ShadowReason::MoreFailures { candidate: only_candidate, control: only_control, p });
        }
        if let Some(limit) = criteria.max_latency_ratio {
            let interval = self.latency.as_ref().map(|latency| latency.interval);
            match interval {
                Some(interval) if interval.lower > limit => reasons.push(ShadowReason::Slower { interval, limit }),
                Some(interval) if interval.upper <= limit => {}
                Some(_) | None => reasons.push(ShadowReason::LatencyUnknown { interval, limit }),
            }
        }
        let pairs = self.mismatch.map_or(0, |mismatch| mismatch.pairs);
        if pairs < u64::from(criteria.min_pairs) {
            reasons.push(ShadowReason::FewPairs { pairs, minimum: criteria.min_pairs });
        }
        reasons
    }
}

/// Returns how many pairs without a mismatch show with 95% that the rate is below a share of buckets.
fn needed_pairs(buckets: u32) -> Option<u64> {
    (buckets > 0).then(|| 300_000_u64.div_ceil(u64::from(buckets)))
}

#[allow(clippy::cast_precision_loss, reason = "the numbers of pairs are at most 5,000,000")]
fn number(count: u64) -> f64 {
    count as f64
}
