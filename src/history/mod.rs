//! Finds the effects of past commits on flags and on the decisions for contexts.
//!
//! The input is a [`Revision`](crate::git::Revision) to start from and the key of a flag. The output is the commits
//! that changed the flag (`flag_log`), the commits at which the variant of a context changed (`blame`), the bundles
//! of earlier revisions ([`baseline_bundles`]), and the versions of a flag's files ([`FlagVersions`]). Most commits
//! change nothing about a flag, so a commit is compared by the ids of files first, and its definitions are read only if
//! an id differs.
//!
//! **Invariant:** only the first-parent line of history is followed, because that is the order in which changes took effect.

mod baselines;
mod blame;
mod decision_trace;
mod error;
mod flag_log;
mod flag_versions;

pub use crate::history::baselines::{Baselines, UnknownBaseline, baseline_bundles};
pub use crate::history::blame::{Era, EraCause, EraStart, blame};
pub use crate::history::decision_trace::{DecisionAt, DecisionQuery, Observed};
pub use crate::history::error::HistoryError;
pub use crate::history::flag_log::{FlagChange, FlagCommit, FlagLog, flag_log};
pub use crate::history::flag_versions::FlagVersions;
