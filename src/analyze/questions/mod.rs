//! The questions about flags: changes, reachability and properties.

pub(crate) mod changes;
pub(crate) mod properties;
pub(crate) mod reachability;
pub(crate) mod region_draft;
mod region_units;
