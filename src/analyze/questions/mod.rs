//! The questions about flags: changes, reachability and properties.

pub(crate) mod changes;
mod list_terms;
mod operand_sets;
pub(crate) mod properties;
pub(crate) mod reachability;
pub(crate) mod region_draft;
pub(crate) mod region_terms;
