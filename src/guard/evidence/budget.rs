//! The budget of false trips: combines the evidence of several guardrails, stages and probes.
//!
//! The mean of e-values is an e-value. So a guard trips when the mean over its guardrails reaches the threshold, and no
//! correction for their number is needed. One of three guardrails alone must reach three times the threshold. A rollout
//! has several stages, each of which starts with fresh evidence: each gets an equal part of `alpha`.

use crate::statistics::grid::log_mean_exp;
use crate::statistics::{Alpha, InvalidNumber, LogE, setting};

/// The chance of any false trip of a rollout, and its division.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    alpha: Alpha,
}

impl Budget {
    /// Divides `alpha` among the planned number of stages.
    ///
    /// # Errors
    /// Returns [`InvalidNumber`] if the number of stages is not from 1 to 1,000.
    pub fn new(alpha: Alpha, stages: u32) -> Result<Self, InvalidNumber> {
        let stages =
            setting("stages", f64::from(stages), "a number from 1 to 1000", |value| (1.0..=1000.0).contains(&value))?;
        Ok(Self { alpha: alpha.divided(stages) })
    }

    /// The budget of a half-open probe after a number of trips: `alpha / 2^trips`. All probes together have at most
    /// `alpha`, however many there are.
    pub fn probe(alpha: Alpha, trips: u32) -> Self {
        Self { alpha: alpha.divided(2_f64.powi(i32::try_from(trips.min(700)).unwrap_or(700))) }
    }

    /// Returns the probability of a false trip in one stage or probe. The tests of [`mean`](super::mean) and
    /// [`block`](super::block) take it as theirs.
    pub fn alpha(&self) -> Alpha {
        self.alpha
    }

    /// Returns the logarithm of the mean e-value at which the guard trips.
    pub fn threshold(&self) -> LogE {
        self.alpha.threshold()
    }

    /// Returns the evidence at which one of several guardrails trips alone, while the others have no evidence.
    pub fn threshold_alone(&self, guardrails: u32) -> LogE {
        let others = f64::from(guardrails.max(1)) - 1.0;
        // The mean of `E` and of `others` times 1 is `1/alpha`.
        LogE::new(self.threshold().ln() + (others * (1.0 - self.alpha.get())).ln_1p())
    }

    /// Combines the evidence of harm of all guardrails that measure evidence. Guardrails without enough data yet take
    /// part with [`LogE::NONE`], so that the number of guardrails does not depend on the data.
    pub fn judge(&self, guardrails: &[LogE]) -> Combined {
        let logs: Vec<f64> = guardrails.iter().map(|log_e| log_e.ln()).collect();
        let log_e = log_mean_exp(&logs).map_or(LogE::NONE, LogE::new);
        let threshold = self.threshold();
        let verdict = if log_e >= threshold { Verdict::Trip } else { Verdict::NoHarmProven };
        Combined { log_e, threshold, verdict }
    }
}

/// The combined evidence of all guardrails.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Combined {
    /// The logarithm of the mean of the e-values.
    pub log_e: LogE,
    /// The logarithm of the mean at which the guard trips.
    pub threshold: LogE,
    /// Whether the mean reaches the threshold.
    pub verdict: Verdict,
}

/// What the combined evidence proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The treatment is worse than tolerated.
    Trip,
    /// Harm is not proven. This is not a proof of health.
    NoHarmProven,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alpha() -> Alpha {
        Alpha::new(0.05).unwrap()
    }

    #[test]
    fn one_of_three_guardrails_needs_three_times_the_threshold() {
        let budget = Budget::new(alpha(), 5).unwrap();
        assert!((budget.threshold().ln() - 100_f64.ln()).abs() < 1e-12);
        let verdict = |e: f64| {
            let evidence = [LogE::new(e.ln()), LogE::new(-1e15), LogE::new(-1e15)];
            budget.judge(&evidence).verdict
        };
        assert_eq!(verdict(299.9), Verdict::NoHarmProven);
        assert_eq!(verdict(300.1), Verdict::Trip);
        let alone = budget.threshold_alone(3);
        assert!((budget.judge(&[alone, LogE::NONE, LogE::NONE]).log_e.ln() - budget.threshold().ln()).abs() < 1e-12);
    }

    #[test]
    fn evidence_of_any_size_does_not_overflow() {
        let combined = Budget::new(alpha(), 1).unwrap().judge(&[LogE::new(1e15), LogE::new(-1e15)]);
        assert!((combined.log_e.ln() - 1e15).abs() < 1.0);
        assert_eq!(Budget::new(alpha(), 1).unwrap().judge(&[]).log_e, LogE::NONE);
    }

    #[test]
    fn probes_together_have_the_probability_of_one_stage() {
        let total: f64 = (1..=3000).map(|trips| Budget::probe(alpha(), trips).alpha().get()).sum();
        assert!(total <= 0.05, "{total}");
        assert!(Budget::probe(alpha(), u32::MAX).threshold().ln().is_finite());
    }
}
