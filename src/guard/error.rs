//! The reasons why a guard cannot decide at all. They are no data problems: nothing is known about the rollout.

use crate::git::GitError;
use crate::guard::source::DataProblem;
use crate::source::SourceError;
use crate::stage::StageError;

/// The reason why a guard cannot decide.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// A commit cannot be read.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The definitions cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The stage is not known.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// The flag does not exist.
    #[error("`{flag}` is not a flag at {commit}{}", .help.as_ref().map_or(String::new(), |help| format!("; {help}")))]
    UnknownFlag {
        /// The key.
        flag: String,
        /// The name of the commit.
        commit: String,
        /// A similar key.
        help: Option<String>,
    },
    /// The file of the flag has errors.
    #[error("the definition of `{0}` has errors: `flagctl validate` shows them")]
    InvalidDefinition(String),
    /// The flag has no guard.
    #[error("`{0}` has no `guard`")]
    NoGuard(String),
    /// The guard does not apply in the environment.
    #[error("the guard of `{flag}` does not apply in {environment}: add it to `environments` of the guard")]
    OtherEnvironment {
        /// The key.
        flag: String,
        /// The environment.
        environment: String,
    },
    /// The settings of the guard are not valid.
    #[error("the guard of `{flag}` is not valid: {problem}; `flagctl validate` shows more")]
    InvalidGuard {
        /// The key.
        flag: String,
        /// What is wrong.
        problem: String,
    },
    /// The clone ends before the trips are counted.
    #[error("this clone is too shallow to count the trips of `{0}`: run `git fetch --unshallow`")]
    EndOfClone(String),
}

impl GuardError {
    pub(super) fn invalid(flag: &str, problem: &DataProblem) -> Self {
        Self::InvalidGuard { flag: flag.to_owned(), problem: problem.to_string() }
    }
}
