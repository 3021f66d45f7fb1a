//! Searches for contexts: the solver, the check of its models, the partition of buckets, and the construction of
//! witnesses.

pub(crate) mod bucket_partition;
pub(crate) mod context_search;
pub(crate) mod known_parts;
pub(crate) mod solver;
pub(crate) mod witness_search;
