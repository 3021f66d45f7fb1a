//! Finds the effects of past commits on flags and on the decisions for contexts.
//!
//! The input is a [`Revision`](crate::git::Revision) to start from and the key of a flag. The output is the commits
//! that changed the flag, or any flag ([`ChangeLog`]), the commits at which the variant of a context changed
//! ([`blame`](fn@blame)), the bundles of earlier revisions ([`baseline_bundles`]), the versions of a flag's files
//! ([`FlagVersions`]), and the units that one experiment of a layer takes over from another one
//! ([`reused_units`](fn@reused_units)). Most commits change nothing about a flag, so a commit is compared by the ids of files first, and its
//! definitions are read only if an id differs.
//!
//! **Invariant:** only the first-parent line of history is followed, because that is the order in which changes took effect.

mod baselines;
mod before_file;
mod blame;
mod change_log;
mod commit_changes;
mod decision_trace;
mod error;
mod flag_changes;
mod flag_definitions;
mod flag_versions;
mod flag_walk;
mod log_filter;
mod reused_units;

pub use crate::history::baselines::{Baselines, UnknownBaseline, baseline_bundles};
pub use crate::history::before_file::state_before_file;
pub use crate::history::blame::{Era, EraCause, EraStart, blame};
pub use crate::history::change_log::{ChangeLog, LoggedCommit};
pub use crate::history::decision_trace::{DecisionAt, DecisionQuery, Observed};
pub use crate::history::error::HistoryError;
pub use crate::history::flag_changes::{FlagChange, LoggedChange};
pub use crate::history::flag_definitions::FlagDefinitions;
pub use crate::history::flag_versions::FlagVersions;
pub use crate::history::log_filter::{ChangeKind, LogFilter};
pub use crate::history::reused_units::reused_units;
