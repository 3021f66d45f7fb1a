//! The numbers of events of one arm of a rollout.
//!
//! A metrics server can return anything. The constructors of [`Arm`] are the only way into the tests of rates, so that their
//! formulas need no case for NaN, infinity or more bad events than events.

use crate::statistics::{InvalidNumber, amount, whole};

/// The direction in which a number of bad events that is not whole is rounded. The total is rounded the other way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// Fewer bad events, which is right for the treatment.
    FewerBad,
    /// More bad events, which is right for the control.
    MoreBad,
}

/// The events of one arm in one window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arm {
    bad: f64,
    total: f64,
}

impl Arm {
    /// Checks the numbers of an arm. Both are whole numbers up to [`LARGEST`].
    ///
    /// # Errors
    /// Returns [`InvalidNumber`] if a number is not a count, or if there are more bad events than events.
    pub fn new(bad: f64, total: f64) -> Result<Self, InvalidNumber> {
        let (bad, total) = (whole("bad", bad)?, whole("total", total)?);
        if bad > total {
            return Err(InvalidNumber::MoreBadThanTotal { bad, total });
        }
        Ok(Self { bad, total })
    }

    /// Creates the numbers of an arm from counts. More bad events than events count as all events.
    pub(in crate::guard) fn from_counts(bad: u32, total: u32) -> Self {
        Self { bad: f64::from(bad.min(total)), total: f64::from(total) }
    }

    /// Checks the numbers of an arm that are not counts, and rounds them.
    ///
    /// `increase()` of Prometheus extrapolates to the ends of its window, so its results are not whole. Rounding
    /// the treatment to [`Rounding::FewerBad`] and the control to [`Rounding::MoreBad`] never adds evidence of harm.
    /// Because the two numbers of an arm are extrapolated separately, `bad` may exceed `total` by less than 1.
    ///
    /// # Errors
    /// Returns [`InvalidNumber`] if a number is not finite, negative or too large, or if there are more bad events than
    /// events.
    pub fn rounded(bad: f64, total: f64, rounding: Rounding) -> Result<Self, InvalidNumber> {
        let (bad, total) = (amount("bad", bad)?, amount("total", total)?);
        if bad >= total + 1.0 {
            return Err(InvalidNumber::MoreBadThanTotal { bad, total });
        }
        let (bad, total) = match rounding {
            Rounding::FewerBad => (bad.floor(), total.ceil()),
            Rounding::MoreBad => (bad.ceil(), total.floor()),
        };
        Ok(Self { bad, total: total.max(bad) })
    }

    /// Returns the number of bad events.
    pub fn bad(&self) -> f64 {
        self.bad
    }

    /// Returns the number of events.
    pub fn total(&self) -> f64 {
        self.total
    }

    /// Returns the share of bad events, or `None` without events.
    pub fn rate(&self) -> Option<f64> {
        (self.total > 0.0).then(|| self.bad / self.total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arm_refuses_what_is_not_a_count() {
        let name = |bad, total| Arm::new(bad, total).map_err(|error| error.name());
        assert_eq!(name(f64::NAN, 1.0), Err("not-finite"));
        assert_eq!(name(0.0, f64::INFINITY), Err("not-finite"));
        assert_eq!(name(-1.0, 1.0), Err("negative"));
        assert_eq!(name(0.5, 1.0), Err("fractional"));
        assert_eq!(name(1.0, 1e16), Err("too-large"));
        assert_eq!(name(2.0, 1.0), Err("more-bad-than-total"));
        assert_eq!(name(-0.0, 0.0).map(|arm| arm.bad().is_sign_positive()), Ok(true));
        assert!(name(1e15, 1e15).is_ok());
    }

    #[test]
    fn rounding_never_adds_evidence_of_harm() {
        let treatment = Arm::rounded(5.9, 100.2, Rounding::FewerBad).unwrap();
        assert_eq!((treatment.bad(), treatment.total()), (5.0, 101.0));
        let control = Arm::rounded(5.1, 100.9, Rounding::MoreBad).unwrap();
        assert_eq!((control.bad(), control.total()), (6.0, 100.0));
        let all_bad = Arm::rounded(5.4, 5.2, Rounding::MoreBad).unwrap();
        assert_eq!((all_bad.bad(), all_bad.total()), (6.0, 6.0));
        assert_eq!(Arm::rounded(7.0, 5.2, Rounding::MoreBad).map_err(|error| error.name()), Err("more-bad-than-total"));
    }
}
