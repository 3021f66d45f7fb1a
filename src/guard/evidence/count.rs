//! The test `count`: compares the rates of bad events of two arms. It is the default.
//!
//! Let the treatment have `n_T` of the events and the control `n_C`. If the treatment's rate of bad events is `R` times
//! the control's, the next bad event is in the treatment with the probability `θ(R) = n_T·R / (n_T·R + n_C)`. Harm is
//! evidence against `R ≤ max-ratio`, and health is evidence against `R ≥ healthy-ratio`. Only the arm of each bad
//! event is used, so rates that change over time, for example at night, do not matter. Blocks may have different splits.
//!
//! With whole events as units and `max-ratio` 1, the test is exact by Hoeffding's inequality for sampling without
//! replacement. With larger ratios it is exact for rare events.

use super::numbers::Arm;
use crate::statistics::grid::{GridProcess, Side};
use crate::statistics::{InvalidNumber, LogE, setting};

/// What the test assumes, for reports.
pub const ASSUMPTION: &str = "each unit has at most one bad event, and units are independent of each other";

/// The numbers of both arms in one window, in which the split does not change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Block {
    /// The arm under rollout.
    pub treatment: Arm,
    /// The arm that it is compared with.
    pub control: Arm,
}

/// The checked settings of the test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    max_ratio: f64,
    healthy_ratio: Option<f64>,
    overdispersion: f64,
}

impl Default for Settings {
    /// Tolerates no increase, proves no health, and takes each bad event as independent.
    fn default() -> Self {
        Self { max_ratio: 1.0, healthy_ratio: None, overdispersion: 1.0 }
    }
}

impl Settings {
    /// Checks settings. `max_ratio` is the tolerated ratio of the treatment's rate to the control's, and health is the
    /// proof that the ratio is below `healthy_ratio`.
    ///
    /// # Errors
    /// Returns [`InvalidNumber`] if `max_ratio` is not from 0.001 to 1,000, or `healthy_ratio` not above it and at
    /// most 1,000.
    pub fn new(max_ratio: f64, healthy_ratio: Option<f64>) -> Result<Self, InvalidNumber> {
        let range = |value| (1e-3..=1e3).contains(&value);
        let max_ratio = setting("max-ratio", max_ratio, "a number from 0.001 to 1000", range)?;
        let healthy_ratio = healthy_ratio.map(|ratio| {
            setting("healthy-ratio", ratio, "a number above max-ratio, at most 1000", |value| {
                range(value) && value > max_ratio
            })
        });
        Ok(Self { max_ratio, healthy_ratio: healthy_ratio.transpose()?, overdispersion: 1.0 })
    }

    /// Returns the tolerated ratio.
    pub fn max_ratio(&self) -> f64 {
        self.max_ratio
    }

    /// Divides all counts of bad events by a factor from 1: the variance of past counts per interval, divided by their
    /// mean. This makes the test approximately right for bad events that come in groups.
    ///
    /// # Errors
    /// Returns [`InvalidNumber`] if the factor is not from 1 to 1,000,000.
    pub fn with_overdispersion(self, factor: f64) -> Result<Self, InvalidNumber> {
        let range = "a number from 1 to 1000000";
        let overdispersion = setting("overdispersion", factor, range, |value| (1.0..=1e6).contains(&value))?;
        Ok(Self { overdispersion, ..self })
    }
}

/// The evidence of all blocks so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// The evidence that the ratio of the rates is above `max-ratio`.
    pub harm: LogE,
    /// The evidence that the ratio of the rates is below `healthy-ratio`, if it is set.
    pub health: Option<LogE>,
}

/// The test while blocks arrive.
#[derive(Debug, Clone)]
pub struct Process {
    settings: Settings,
    harm: GridProcess,
    health: Option<(f64, GridProcess)>,
}

impl Process {
    /// Creates the test before the first block.
    pub fn new(settings: Settings) -> Self {
        let health = settings.healthy_ratio.map(|ratio| (ratio, GridProcess::new(Side::Fewer)));
        Self { settings, harm: GridProcess::new(Side::More), health }
    }

    /// Adds a block. A block in which one arm has no events is no evidence.
    pub fn add(&mut self, block: Block) {
        let Block { treatment, control } = block;
        if treatment.total() == 0.0 || control.total() == 0.0 {
            return;
        }
        let hits = treatment.bad() / self.settings.overdispersion;
        let events = (treatment.bad() + control.bad()) / self.settings.overdispersion;
        let theta = |ratio: f64| {
            let weight = treatment.total() * ratio;
            weight / (weight + control.total())
        };
        self.harm.add(hits, events, theta(self.settings.max_ratio));
        if let Some((ratio, process)) = &mut self.health {
            process.add(hits, events, theta(*ratio));
        }
    }

    /// Returns the evidence of all blocks so far.
    pub fn evidence(&self) -> Evidence {
        Evidence { harm: self.harm.log_e(), health: self.health.as_ref().map(|(_, process)| process.log_e()) }
    }

    /// Returns `true` if the evidence of harm reaches a threshold. Costs less than [`Process::evidence`].
    pub fn reaches(&self, threshold: LogE) -> bool {
        self.harm.at_most() >= threshold.ln() && self.harm.log_e() >= threshold
    }
}

/// Returns the evidence of a list of blocks. If the split did not change, one block with cumulative counts is enough.
pub fn evaluate(blocks: &[Block], settings: Settings) -> Evidence {
    let mut process = Process::new(settings);
    blocks.iter().for_each(|block| process.add(*block));
    process.evidence()
}
