//! The limits on how much work one question may take.
//!
//! The analysis counts work in steps and never measures time, so that one question has the same answer on every machine.

/// How much work one question may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Conflicts that the solver may meet.
    pub conflicts: u64,
    /// States of automata that may be visited, each as often as in a product with others.
    pub automaton_states: u64,
    /// Ranges of buckets that may be told apart.
    pub bucket_cells: u64,
    /// Regions that may be found, before those that are alike are joined.
    pub regions: usize,
    /// Units that may be hashed in search of witnesses.
    pub units: u64,
    /// Units that may be hashed for one of them.
    pub units_per_witness: u64,
}

impl Default for Budget {
    /// Seconds, at the worst.
    fn default() -> Self {
        Self {
            conflicts: 30_000,
            automaton_states: 5_000_000,
            bucket_cells: 200_000,
            regions: 500,
            units: 50_000_000,
            units_per_witness: 1_000_000,
        }
    }
}
