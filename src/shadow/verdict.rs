//! The verdict of a report, and its reasons.

use std::fmt;

use crate::bundle::Percent;
use crate::statistics::Interval;

/// The verdict of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShadowVerdict {
    /// The candidate does what the control does, within the criteria.
    Equivalent,
    /// The candidate does not do what the control does.
    Different,
    /// The records do not tell.
    NotEnoughData,
    /// The records cannot be trusted.
    DataProblem,
}

impl ShadowVerdict {
    /// Returns the name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Equivalent => "equivalent",
            Self::Different => "different",
            Self::NotEnoughData => "not-enough-data",
            Self::DataProblem => "data-problem",
        }
    }
}

/// A reason of a verdict.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ShadowReason {
    /// Too many rows could not be read.
    BadRows {
        /// Their number.
        bad: u64,
        /// The number of all rows.
        rows: u64,
    },
    /// The control differs from itself too often.
    Noise {
        /// The lower limit of the rate.
        lower: f64,
    },
    /// The candidate differs more often than the control differs from itself.
    MoreMismatches {
        /// The interval of the excess.
        interval: Interval,
    },
    /// The candidate fails more often than the control.
    MoreFailures {
        /// The number of requests in which only the candidate failed.
        candidate: u64,
        /// The number of requests in which only the control failed.
        control: u64,
        /// The p-value.
        p: f64,
    },
    /// The candidate is slower than the criteria allow.
    Slower {
        /// The interval of the ratio.
        interval: Interval,
        /// The highest tolerated ratio.
        limit: f64,
    },
    /// There are too few pairs.
    FewPairs {
        /// Their number.
        pairs: u64,
        /// The minimum.
        minimum: u32,
    },
    /// The excess may be larger than the criteria allow.
    ExcessUnknown {
        /// The upper limit of the excess.
        upper: f64,
        /// The highest tolerated excess.
        limit: Percent,
        /// The number of pairs that would show it without any mismatch, if the criteria tolerate any excess.
        needed: Option<u64>,
    },
    /// The ratio of latencies may be larger than the criteria allow.
    LatencyUnknown {
        /// The interval of the ratio, or `None` if too few records have durations.
        interval: Option<Interval>,
        /// The highest tolerated ratio.
        limit: f64,
    },
    /// The candidate meets all criteria.
    CriteriaMet,
}

impl ShadowReason {
    /// Returns the name in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::BadRows { .. } => "bad-rows",
            Self::Noise { .. } => "noise",
            Self::MoreMismatches { .. } => "more-mismatches",
            Self::MoreFailures { .. } => "more-failures",
            Self::Slower { .. } => "slower",
            Self::FewPairs { .. } => "few-pairs",
            Self::ExcessUnknown { .. } => "excess-unknown",
            Self::LatencyUnknown { .. } => "latency-unknown",
            Self::CriteriaMet => "criteria-met",
        }
    }

    /// Returns the verdict to which the reason leads.
    pub fn verdict(&self) -> ShadowVerdict {
        match self {
            Self::BadRows { .. } | Self::Noise { .. } => ShadowVerdict::DataProblem,
            Self::MoreMismatches { .. } | Self::MoreFailures { .. } | Self::Slower { .. } => ShadowVerdict::Different,
            Self::FewPairs { .. } | Self::ExcessUnknown { .. } | Self::LatencyUnknown { .. } => {
                ShadowVerdict::NotEnoughData
            }
            Self::CriteriaMet => ShadowVerdict::Equivalent,
        }
    }
}

impl fmt::Display for ShadowReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |rate: f64| format!("{:.4}%", rate * 100.0);
        match self {
            Self::BadRows { bad, rows } => {
                write!(f, "{bad} of {rows} rows could not be read, and at most 1% may be bad")
            }
            Self::Noise { lower } => write!(
                f,
                "two runs of the control differ in at least {} of requests, so a comparison says little: compare less, \
                 or ignore the paths that differ by themselves",
                percent(*lower)
            ),
            Self::MoreMismatches { interval: Interval { lower, upper } } => write!(
                f,
                "the candidate differs in {} to {} more of the requests than the control differs from itself",
                percent(*lower),
                percent(*upper)
            ),
            Self::MoreFailures { candidate, control, p } => write!(
                f,
                "only the candidate failed in {candidate} requests, and only the control in {control} (p = {p:.2e})"
            ),
            Self::Slower { interval: Interval { lower, upper }, limit } => write!(
                f,
                "the candidate takes {lower:.4} to {upper:.4} times as long, and `max-latency-ratio` is {limit}"
            ),
            Self::FewPairs { pairs, minimum } => {
                write!(f, "{pairs} pairs of control and candidate, and `min-pairs` is {minimum}")
            }
            Self::ExcessUnknown { upper, limit, needed } => {
                let upper = percent(*upper);
                write!(f, "the excess of mismatches may be up to {upper}, and `max-excess-mismatch` is {limit}")?;
                match needed {
                    Some(needed) => write!(f, "; {needed} pairs without a mismatch would show less"),
                    None => Ok(()),
                }
            }
            Self::LatencyUnknown { interval: Some(Interval { lower, upper }), limit } => write!(
                f,
                "the candidate takes {lower:.4} to {upper:.4} times as long, and `max-latency-ratio` is {limit}"
            ),
            Self::LatencyUnknown { interval: None, limit } => {
                write!(f, "too few records have durations, and `max-latency-ratio` is {limit}")
            }
            Self::CriteriaMet => write!(f, "the candidate meets all criteria"),
        }
    }
}
