//! One rollout: its looks in the order of time, and the first look at which each test trips.

use crate::guard::evidence::budget::Budget;
use crate::guard::evidence::count::Block;
use crate::guard::evidence::{Arm, LogE, absolute, block, count};
use crate::guard::simulate::naive::{Counts, exceeds_control, exceeds_limit};
use crate::guard::simulate::settings::Test;
use crate::statistics::distribution::normal_upper_quantile;

/// The state of a test.
#[derive(Debug, Clone)]
enum Process {
    Count(Box<count::Process>),
    Block(block::Process),
    Absolute(absolute::Settings),
}

/// A rollout while its looks arrive.
#[derive(Debug, Clone)]
pub struct Trial {
    process: Process,
    /// The evidence at which the guardrail trips.
    required: LogE,
    /// The critical value of the z-test.
    critical: f64,
    treatment: Counts,
    control: Counts,
    looks: u32,
    guard_trip: Option<u32>,
    naive_trip: Option<u32>,
}

impl Trial {
    /// Creates a rollout before its first look.
    pub fn new(test: Test, budget: &Budget, guardrails: u32) -> Self {
        let process = match test {
            Test::Count(settings) => Process::Count(Box::new(count::Process::new(settings))),
            Test::Block(settings) => Process::Block(block::Process::new(settings, budget.alpha())),
            Test::Absolute(settings) => Process::Absolute(settings),
        };
        Self {
            process,
            required: budget.threshold_alone(guardrails),
            critical: normal_upper_quantile(budget.alpha().get()),
            treatment: Counts::default(),
            control: Counts::default(),
            looks: 0,
            guard_trip: None,
            naive_trip: None,
        }
    }

    /// Adds the numbers since the last look.
    pub fn look(&mut self, block: Block) {
        self.looks += 1;
        for (counts, arm) in [(&mut self.treatment, block.treatment), (&mut self.control, block.control)] {
            counts.bad += arm.bad();
            counts.total += arm.total();
        }
        match &mut self.process {
            Process::Count(process) => process.add(block),
            Process::Block(process) => process.add(block),
            Process::Absolute(_) => {}
        }
        if self.guard_trip.is_none() && self.is_tripped() {
            self.guard_trip = Some(self.looks);
        }
        if self.naive_trip.is_none() && self.is_naively_tripped() {
            self.naive_trip = Some(self.looks);
        }
    }

    /// Returns the evidence of harm at the last look.
    pub fn harm(&self) -> LogE {
        match &self.process {
            Process::Count(process) => process.evidence().harm,
            Process::Block(process) => process.outcome().harm(),
            Process::Absolute(settings) => self.absolute(*settings),
        }
    }

    /// Returns the evidence at which the guardrail trips.
    pub fn required(&self) -> LogE {
        self.required
    }

    /// Returns the first look at which the guard trips, counted from one.
    pub fn guard_trip(&self) -> Option<u32> {
        self.guard_trip
    }

    /// Returns the first look at which the repeated z-test trips, counted from one.
    pub fn naive_trip(&self) -> Option<u32> {
        self.naive_trip
    }

    /// Returns whether both tests have tripped, so that further looks change nothing.
    pub(super) fn is_complete(&self) -> bool {
        self.guard_trip.is_some() && self.naive_trip.is_some()
    }

    fn is_tripped(&self) -> bool {
        match &self.process {
            Process::Count(process) => process.reaches(self.required),
            Process::Block(_) | Process::Absolute(_) => self.harm() >= self.required,
        }
    }

    fn is_naively_tripped(&self) -> bool {
        match &self.process {
            Process::Count(_) | Process::Block(_) => exceeds_control(self.treatment, self.control, self.critical),
            Process::Absolute(settings) => exceeds_limit(self.treatment, settings.max_rate(), self.critical),
        }
    }

    fn absolute(&self, settings: absolute::Settings) -> LogE {
        // The sums of counts are counts. Sums above the bound of counts are no evidence.
        Arm::new(self.treatment.bad, self.treatment.total)
            .map_or(LogE::NONE, |arm| absolute::evaluate(arm, settings).harm())
    }
}
