//! Limits the work for one question.
//!
//! The analysis counts work in steps and never measures time, so one question has the same answer on every machine.

/// The maximum amount of work for one question. If the budget is exceeded, the answer is
/// [`AnalysisError::Exhausted`](crate::analyze::AnalysisError::Exhausted).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// The maximum number of conflicts of the SAT solver.
    pub conflicts: u64,
    /// The maximum number of questions to the SAT solver about descriptions of regions. The further regions have longer
    /// descriptions than necessary.
    pub description_questions: u64,
    /// The maximum number of automaton states. A state of a product of automata counts once for each automaton.
    pub automaton_states: u64,
    /// The maximum number of bucket cells, over all partitions.
    pub bucket_cells: u64,
    /// The maximum number of regions of a change, before neighbouring regions are merged.
    pub regions: usize,
    /// The maximum number of units that are hashed in the search for witnesses.
    pub units: u64,
    /// The maximum number of units that are hashed for one witness. Zero disables the search for units.
    pub units_per_witness: u64,
}

impl Default for Budget {
    /// Returns a budget with which one question takes at most a few seconds.
    fn default() -> Self {
        Self {
            conflicts: 30_000,
            description_questions: 3_000,
            automaton_states: 5_000_000,
            bucket_cells: 200_000,
            regions: 500,
            units: 50_000_000,
            units_per_witness: 1_000_000,
        }
    }
}
