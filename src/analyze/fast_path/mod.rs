//! Answers from sample contexts, before the solver is asked.

pub(crate) mod sample_context;
pub(crate) mod sample_values;
pub(crate) mod sampled_reachability;
pub(crate) mod satisfiability;
