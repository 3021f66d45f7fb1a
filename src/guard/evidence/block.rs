//! The test `block`: compares the rates of the two arms in each interval, for bad events that come in bursts.
//!
//! Counters of requests break the assumption of `count`: one retrying client makes many bad events, and a slow backend
//! makes a burst in both arms. The difference of the rates in one interval is one observation here, so it does not matter
//! how many events of the interval belong together, and bursts that both arms share cancel. The test of
//! [`mean`](super::mean) is applied to the differences. Intervals must be longer than bursts.

use super::count::Block;
pub use super::mean::Outcome;
use super::mean::{Estimate, Harm, measure};
use crate::statistics::{Alpha, InvalidNumber, Moments, setting, whole};

/// The number of intervals for which the test is tuned.
const TUNING: f64 = 100.0;

/// The checked settings of the test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    min_blocks: f64,
    tolerance: f64,
}

impl Settings {
    /// The default of the minimum number of intervals.
    pub const MIN_BLOCKS: f64 = 30.0;

    /// Checks settings. A difference of the rates up to `tolerance` is no harm. The test has no result until there are
    /// `min_blocks` intervals in which both arms have events.
    ///
    /// # Errors
    /// Returns [`InvalidNumber`] if `min_blocks` is not a count from 10, or the tolerance is not from 0 to 1.
    pub fn new(min_blocks: f64, tolerance: f64) -> Result<Self, InvalidNumber> {
        let min_blocks = whole("min-blocks", min_blocks)?;
        let min_blocks = setting("min-blocks", min_blocks, "at least 10", |value| value >= 10.0)?;
        let tolerance = setting("tolerance", tolerance, "a number from 0 to 1", |value| (0.0..=1.0).contains(&value))?;
        Ok(Self { min_blocks, tolerance })
    }

    /// Returns the tolerated difference.
    pub fn tolerance(&self) -> f64 {
        self.tolerance
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { min_blocks: Self::MIN_BLOCKS, tolerance: 0.0 }
    }
}

/// The test while intervals arrive.
#[derive(Debug, Clone)]
pub struct Process {
    settings: Settings,
    alpha: Alpha,
    differences: Moments,
}

impl Process {
    /// Creates the test before the first interval.
    pub fn new(settings: Settings, alpha: Alpha) -> Self {
        Self { settings, alpha, differences: Moments::default() }
    }

    /// Adds an interval. An interval in which one arm has no events is no observation.
    pub fn add(&mut self, block: Block) {
        if let (Some(treatment), Some(control)) = (block.treatment.rate(), block.control.rate()) {
            self.differences.push(treatment - control);
        }
    }

    /// Returns the result of all intervals so far.
    pub fn outcome(&self) -> Outcome {
        let n = self.differences.n();
        if n < self.settings.min_blocks {
            return Outcome::TooFew { found: n, needed: self.settings.min_blocks };
        }
        let estimate = Estimate {
            difference: self.differences.mean(),
            variance: self.differences.variance_of_mean().unwrap_or_default(),
            n,
        };
        measure(estimate, Harm::Increase, self.settings.tolerance, TUNING, self.alpha)
            .map_or(Outcome::NoSpread, Outcome::Measured)
    }
}

/// Returns the result of a list of intervals of the same length.
pub fn evaluate(blocks: &[Block], settings: Settings, alpha: Alpha) -> Outcome {
    let mut process = Process::new(settings, alpha);
    blocks.iter().for_each(|block| process.add(*block));
    process.outcome()
}
