//! The settings of a simulation.

use crate::guard::evidence::budget::Budget;
use crate::guard::evidence::{InvalidNumber, LogE, absolute, block, count, setting};
use crate::guard::simulate::traffic::Traffic;
use crate::model::{Direction, GuardrailTest};

/// The largest number of looks of all runs together. More would take minutes.
const MOST_LOOKS: f64 = 1e8;
/// The largest number of bad events of all runs together, for the same reason.
const MOST_EVENTS: f64 = 1e10;

/// The test of the guardrail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Test {
    /// The rates of both arms.
    Count(count::Settings),
    /// The rates of both arms in each interval. Each look has one interval.
    Block(block::Settings),
    /// The rate of the treatment and a limit.
    Absolute(absolute::Settings),
}

/// Why the traffic of a guardrail cannot be generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotSimulated {
    /// The test has the values of units.
    ValuesOfUnits,
    /// The test has no statistics.
    NoStatistics,
    /// Fewer events are harm.
    DecreaseIsBad,
}

impl NotSimulated {
    /// Returns the reason in words.
    pub fn reason(self) -> &'static str {
        match self {
            Self::ValuesOfUnits => "the traffic has no values of units; replay a metrics file instead",
            Self::NoStatistics => "a fixed limit has no statistics; replay a metrics file instead",
            Self::DecreaseIsBad => "the traffic has bad events only, and here fewer events are harm",
        }
    }
}

impl Test {
    /// Returns the test of a guardrail, or why its traffic cannot be generated.
    ///
    /// # Errors
    /// Returns [`InvalidNumber`] if a setting is outside its bounds.
    pub fn of(test: GuardrailTest) -> Result<Result<Self, NotSimulated>, InvalidNumber> {
        Ok(match test {
            GuardrailTest::Count { max_ratio, healthy_ratio, overdispersion, .. } => {
                let settings = count::Settings::new(max_ratio, healthy_ratio)?.with_overdispersion(overdispersion)?;
                Ok(Self::Count(settings))
            }
            GuardrailTest::Block { direction: Direction::DecreaseIsBad, .. } => Err(NotSimulated::DecreaseIsBad),
            GuardrailTest::Block { direction: Direction::IncreaseIsBad, tolerance, min_blocks, .. } => {
                Ok(Self::Block(block::Settings::new(min_blocks.into(), tolerance)?))
            }
            GuardrailTest::Absolute { max_rate, min_events } => {
                Ok(Self::Absolute(absolute::Settings::new(max_rate, min_events.into())?))
            }
            GuardrailTest::Mean { .. } => Err(NotSimulated::ValuesOfUnits),
            GuardrailTest::Threshold { .. } => Err(NotSimulated::NoStatistics),
        })
    }
}

/// The checked settings of a simulation of one stage.
#[derive(Debug, Clone, Copy)]
pub struct Simulation {
    /// The traffic.
    pub traffic: Traffic,
    /// The test of the guardrail.
    pub test: Test,
    /// The budget of false trips.
    pub budget: Budget,
    /// The number of guardrails. All but one have no evidence.
    pub(super) guardrails: u32,
    /// The number of looks of each run.
    pub(super) looks: u32,
    /// The number of runs.
    pub(super) runs: u32,
    /// The seed of the random numbers.
    pub seed: u64,
}

impl Simulation {
    /// Checks the size of a simulation with one guardrail.
    ///
    /// # Errors
    /// Returns [`InvalidNumber`] if there is no look or run, or if all runs together have more than 100,000,000
    /// looks or 10,000,000,000 bad events.
    pub fn new(
        traffic: Traffic,
        test: Test,
        budget: Budget,
        looks: u32,
        runs: u32,
        seed: u64,
    ) -> Result<Self, InvalidNumber> {
        setting("looks", f64::from(looks), "at least 1", |value| value >= 1.0)?;
        setting("runs", f64::from(runs), "at least 1", |value| value >= 1.0)?;
        let all = f64::from(looks) * f64::from(runs);
        setting("looks of all runs", all, "at most 100000000", |value| value <= MOST_LOOKS)?;
        let events = all * traffic.bad_events();
        setting("bad events of all runs", events, "at most 10000000000", |value| value <= MOST_EVENTS)?;
        Ok(Self { traffic, test, budget, guardrails: 1, looks, runs, seed })
    }

    /// Adds guardrails that have no evidence: one of `guardrails` is simulated.
    ///
    /// # Errors
    /// Returns [`InvalidNumber`] if the number is not from 1 to 100.
    pub fn with_guardrails(self, guardrails: u32) -> Result<Self, InvalidNumber> {
        setting("guardrails", f64::from(guardrails), "a number from 1 to 100", |value| (1.0..=100.0).contains(&value))?;
        Ok(Self { guardrails, ..self })
    }

    /// Returns the evidence at which the guardrail trips.
    pub fn threshold(&self) -> LogE {
        self.budget.threshold_alone(self.guardrails)
    }

    /// Returns whether the treatment does more harm than the guardrail tolerates, so that a trip is right.
    pub fn is_harmful(&self) -> bool {
        let (rate, ratio) = (self.traffic.rate(), self.traffic.ratio());
        match self.test {
            Test::Count(settings) => rate > 0.0 && ratio > settings.max_ratio(),
            Test::Block(settings) => rate * ratio - rate > settings.tolerance(),
            Test::Absolute(settings) => rate * ratio > settings.max_rate(),
        }
    }

    /// Returns the number of looks of each run.
    pub fn looks(&self) -> u32 {
        self.looks
    }

    /// Returns the number of runs.
    pub fn runs(&self) -> u32 {
        self.runs
    }
}
