//! Answers questions from sample contexts, before the solver runs.
//!
//! This module has about 400 lines, and it makes `validate` about twenty times faster: see [`satisfiability`] for the
//! measurement. The samples come from the operands of the conditions, as in `eval::nearest`. In contrast to
//! `eval::nearest`, a sample must also pass the earlier rules to reach a rule.

pub(crate) mod sample_context;
pub(crate) mod sample_values;
pub(crate) mod sampled_reachability;
pub(crate) mod satisfiability;
