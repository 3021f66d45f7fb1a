//! Answers from sample contexts, before the solver is asked.
//!
//! It costs about 400 lines, and `validate` is about twenty times faster with it: see [`satisfiability`] for the
//! measurement. Samples come from the operands of the conditions, like those in `eval::nearest`, but here a rule must
//! be reached in spite of the rules before it.

pub(crate) mod sample_context;
pub(crate) mod sample_values;
pub(crate) mod sampled_reachability;
pub(crate) mod satisfiability;
