//! Stages: since when an environment serves a flag as it does now.
//!
//! The module takes a flag, an environment, a commit and a [`Clock`]. It returns the [`Stages`] of the flag, the newest
//! first. A stage is a longest run of publications (or commits) in which all that decides the flag is equal: its state,
//! rules, default, variants and salt, and the segments and flags that it depends on. A kill, a revival, a changed segment
//! and a rollback therefore begin a stage, and a comment or another flag does not.
//!
//! The clock is the log of each target that publishes the environment. An entry has the time at which the store wrote
//! its seal, because the author of a commit chooses the date of the commit. Only a repository that declares no
//! target for the environment is measured by the dates of committers, along first parents.
//!
//! **Invariant:** a declared target that cannot be read, or has no entry, is an error, and never another clock.
//! **Invariant:** the module reads no clock: ages are counted from a time that the caller has.

mod commits;
mod error;
mod published;
mod query;

pub use crate::stage::error::StageError;
pub use crate::stage::published::PublishedLog;
pub use crate::stage::query::{Begin, Liveness, Reach, Stage, StageQuery, Stages};

use crate::live::Live;

/// What measures time in an environment.
pub enum Clock<'c> {
    /// The logs of all targets that publish the environment. The list is not empty.
    Published {
        /// The flag repository, which has the published commits.
        live: &'c Live,
        /// The logs.
        logs: Vec<PublishedLog<'c>>,
    },
    /// The dates of committers on the first-parent line, for a repository without a target for the environment.
    Commits,
}

/// Returns the stages of a flag. If several targets publish the environment, these are the stages at the target whose
/// newest stage began last, and the flag is live only if each target serves it as the commit defines it.
///
/// # Errors
/// Returns [`StageError`] if a log or a commit cannot be read, or if the commit does not define the flag without errors.
pub fn stages(query: &StageQuery<'_>, clock: &Clock<'_>, reach: Reach) -> Result<Stages, StageError> {
    let (live, logs) = match clock {
        Clock::Commits => return commits::stages(query, reach),
        Clock::Published { live, logs } => (live, logs),
    };
    let mut latest: Option<Stages> = None;
    for log in logs {
        let found = published::stages(query, live, log, reach)?;
        latest = Some(match latest {
            Some(known) => known.later(found),
            None => found,
        });
    }
    latest.ok_or(StageError::NoLog)
}
