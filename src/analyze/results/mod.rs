//! The types of the answers: regions, terms, shares and witnesses.

pub(crate) mod certainty;
pub(crate) mod decided_by;
pub(crate) mod formula;
pub(crate) mod region;
pub(crate) mod share;
pub(crate) mod term;
pub(crate) mod witness;
