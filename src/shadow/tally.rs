//! The sums of comparison records.

use std::collections::BTreeMap;

use crate::events::{Order, Pair};
use crate::shadow::breakdown::Breakdown;
use crate::shadow::latency::Durations;
use crate::shadow::outcome::Outcome;

/// The maximum number of requests of a report, which bounds its memory.
pub const MAX_REQUESTS: usize = 5_000_000;

/// The sums of comparison records.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// The pairs of control and candidate.
    pub candidate: OutcomeCounts,
    /// The pairs of two runs of the control.
    pub control: OutcomeCounts,
    /// The records that repeat a request.
    pub duplicates: u64,
    /// The records whose difference the application calls expected.
    pub ignored: u64,
    /// The records of other flags or environments.
    pub others: u64,
    /// The versions of the definitions that the records name, with the number of pairs.
    pub versions: BTreeMap<String, u64>,
    /// The times of the first and the last pair.
    pub period: Option<(jiff::Timestamp, jiff::Timestamp)>,
    /// The pairs of control and candidate by attribute and value, such as `country=DE`.
    pub by_attribute: Breakdown,
    /// The pairs of control and candidate by the path of a difference.
    pub by_path: Breakdown,
    /// The paths at which two runs of the control differ.
    pub noise_by_path: Breakdown,
    /// The durations of the pairs of control and candidate in which both runs succeeded.
    pub(super) durations: Vec<Durations>,
    /// The number of these pairs without two durations above zero.
    pub(super) without_duration: u64,
}

/// The numbers of pairs by their outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutcomeCounts([u64; Outcome::ALL.len()]);

impl OutcomeCounts {
    /// Returns the number of pairs with an outcome.
    pub fn of(&self, outcome: Outcome) -> u64 {
        let mut counts = Outcome::ALL.into_iter().zip(self.0);
        counts.find(|(known, _)| *known == outcome).map_or(0, |(_, count)| count)
    }

    /// Returns the number of all pairs.
    pub fn pairs(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Returns the number of mismatches.
    pub fn mismatches(&self) -> u64 {
        Outcome::ALL.into_iter().zip(self.0).filter(|(outcome, _)| outcome.is_mismatch()).map(|(_, count)| count).sum()
    }

    /// Counts a pair.
    pub(super) fn add(&mut self, outcome: Outcome) {
        for (known, count) in Outcome::ALL.into_iter().zip(&mut self.0) {
            *count += u64::from(known == outcome);
        }
    }
}

impl Tally {
    /// Returns the counts of a kind of pair.
    pub(super) fn counts(&mut self, pair: Pair) -> &mut OutcomeCounts {
        match pair {
            Pair::Candidate => &mut self.candidate,
            Pair::Control => &mut self.control,
        }
    }

    /// Adds the durations of a pair in which both runs succeeded.
    pub(super) fn add_durations(&mut self, [control, candidate]: [Option<f64>; 2], order: Option<Order>) {
        match (control, candidate) {
            (Some(control), Some(candidate)) if control > 0.0 && candidate > 0.0 => {
                self.durations.push(Durations { control, candidate, order });
            }
            _ => self.without_duration += 1,
        }
    }
}
