//! The reason why the stages of a flag are not known.

use crate::git::GitError;
use crate::history::HistoryError;
use crate::live::LiveError;
use crate::publish::PublishError;
use crate::source::SourceError;

/// The reason why the stages of a flag are not known.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// A commit cannot be read.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A file or folder of a commit cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The definitions of a commit cannot be read.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// A published commit cannot be read.
    #[error(transparent)]
    Live(#[from] LiveError),
    /// The log of a target cannot be read, or is not sound.
    #[error("the published log of `{environment}` cannot be used as the clock: {source}")]
    Log {
        /// The environment's name.
        environment: String,
        /// The reason.
        source: PublishError,
    },
    /// No log was given.
    #[error("no target publishes the environment")]
    NoLog,
    /// The flag has no decision at the commit.
    #[error(
        "`{flag}` has no decision in {environment} at {commit}: it does not exist there, or its definition has errors"
    )]
    Undecidable {
        /// The flag's key.
        flag: String,
        /// The environment's name.
        environment: String,
        /// The name of the commit.
        commit: String,
    },
    /// The clone is too shallow to know when the stage began.
    #[error(
        "this clone ends at {commit}, so it is not known since when `{flag}` is served: run `git fetch --unshallow`"
    )]
    EndOfClone {
        /// The flag's key.
        flag: String,
        /// The full id of the oldest commit.
        commit: String,
    },
}
