//! The test `absolute`: compares the rate of bad events of one arm with a limit.
//!
//! It needs no control, so it works when the rollout is complete. Harm is evidence against a rate of at most `max-rate`.
//! The alternatives multiply the odds of a bad event by the factors of the grid. The same assumption as for `count`
//! applies: [`ASSUMPTION`](super::count::ASSUMPTION).

use super::numbers::Arm;
use crate::statistics::grid::{GridProcess, Side};
use crate::statistics::{InvalidNumber, LogE, setting, whole};

/// The checked settings of the test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    max_rate: f64,
    min_events: f64,
}

/// The result of the test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// There are fewer events than the minimum.
    TooFew {
        /// The number of events.
        events: f64,
        /// The minimum.
        needed: f64,
    },
    /// The evidence that the rate exceeds the limit.
    Measured {
        /// The evidence of harm.
        harm: LogE,
    },
}

impl Outcome {
    /// Returns the evidence of harm. Too few events are no evidence.
    pub fn harm(&self) -> LogE {
        match self {
            Self::TooFew { .. } => LogE::NONE,
            Self::Measured { harm } => *harm,
        }
    }
}

impl Settings {
    /// Checks settings. The test has no result below `min_events` events, which may be 0.
    ///
    /// # Errors
    /// Returns [`InvalidNumber`] if `max_rate` is not above 0 and below 1, or `min_events` is not a count.
    pub fn new(max_rate: f64, min_events: f64) -> Result<Self, InvalidNumber> {
        let range = "a number above 0 and below 1";
        let max_rate = setting("max-rate", max_rate, range, |value| (1e-12..=1.0 - 1e-12).contains(&value))?;
        Ok(Self { max_rate, min_events: whole("min-events", min_events)? })
    }

    /// Returns the limit.
    pub fn max_rate(&self) -> f64 {
        self.max_rate
    }
}

/// Returns the evidence of one arm's cumulative counts.
pub fn evaluate(arm: Arm, settings: Settings) -> Outcome {
    if arm.total() < settings.min_events {
        return Outcome::TooFew { events: arm.total(), needed: settings.min_events };
    }
    let mut process = GridProcess::new(Side::More);
    process.add(arm.bad(), arm.total(), settings.max_rate);
    Outcome::Measured { harm: process.log_e() }
}
