//! The reason why a published bundle cannot be compiled again.

use crate::git::GitError;
use crate::source::SourceError;

/// The reason why a published bundle cannot be compiled again.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The clone does not have a commit that a manifest names.
    #[error(
        "this clone does not have {commit}, which is published: fetch it from a clone that has it, as with \
         `git fetch PATH-OR-ADDRESS {commit}`"
    )]
    MissingCommit {
        /// The full id.
        commit: String,
    },
    /// A commit cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The definitions of a published commit have errors, for example for another version of the program.
    #[error(
        "the definitions of {commit}, which is published, have errors for this version of flagctl; the version that \
         published them can compile them: {errors}"
    )]
    Invalid {
        /// The full id.
        commit: String,
        /// The errors, each with its position.
        errors: String,
    },
    /// The published commit does not declare the environment.
    #[error("{commit}, which is published, does not declare the environment `{environment}`")]
    UnknownEnvironment {
        /// The full id.
        commit: String,
        /// The environment's name.
        environment: String,
    },
}

impl From<GitError> for LiveError {
    fn from(error: GitError) -> Self {
        Self::Source(error.into())
    }
}

impl LiveError {
    /// Converts the error of a search for a commit by its full id.
    pub(super) fn finding(commit: &str) -> impl FnOnce(SourceError) -> Self {
        let commit = commit.to_owned();
        |error| match error {
            SourceError::Git(GitError::Unknown { .. }) => Self::MissingCommit { commit },
            error => Self::Source(error),
        }
    }
}
