//! The limits on how much work one question may take.
//!
//! The analysis counts work in steps and never measures time, so that one question has the same answer on every
//! machine.

/// The maximum amount of work for one question. If it does not suffice, the answer is
/// [`AnalysisError::Exhausted`](crate::analyze::AnalysisError::Exhausted).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Conflicts of the SAT solver.
    pub conflicts: u64,
    /// States of automata. A state of a product of automata counts once for each of them.
    pub automaton_states: u64,
    /// Cells of buckets, over all partitions.
    pub bucket_cells: u64,
    /// Regions of a change, before neighbouring ones are merged.
    pub regions: usize,
    /// Units that are hashed in the search for witnesses.
    pub units: u64,
    /// Units that are hashed for one witness. Zero disables the search for units.
    pub units_per_witness: u64,
}

impl Default for Budget {
    /// Returns a budget that takes seconds in the worst case.
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
