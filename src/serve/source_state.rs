//! What is known about the source of an environment, beside its current bundle. The page shows it.

use std::sync::Arc;

use jiff::Timestamp;

use crate::report::page::{LastPlan, WrittenFlags};

/// What is known about the source of an environment.
#[derive(Debug, Clone, Default)]
pub(super) struct SourceState {
    /// The definitions of the flags, if the source has them.
    pub(super) definitions: Option<Arc<WrittenFlags>>,
    /// The time at which the current bundle became current.
    pub(super) since: Option<Timestamp>,
    /// What the current bundle changed.
    pub(super) plan: LastPlan,
    /// The problem of the last reading.
    pub(super) problem: Option<String>,
    /// The time of the last successful reading.
    pub(super) checked: Option<Timestamp>,
}
