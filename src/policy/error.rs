//! The reason why a change cannot be judged.

use std::error::Error;

use crate::analyze::AnalysisError;
use crate::git::GitError;
use crate::publish::PublishError;
use crate::source::SourceError;

/// The reason why a change cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// A commit cannot be read.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A file or folder of a commit cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Analysis and evaluation disagree, which is a fault of flagctl.
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
    /// The settings of the base have an error, so its policy is not known.
    #[error("the policy of `{base}` is not known: {problem}")]
    Settings {
        /// The name of the base.
        base: String,
        /// The error, with its position.
        problem: String,
    },
    /// Since when a flag is served is not known.
    #[error("it is not known since when `{flag}` is served in {environment}: {source}")]
    Clock {
        /// The flag's key.
        flag: String,
        /// The environment's name.
        environment: String,
        /// The reason.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Signatures cannot be checked.
    #[error("cannot check the signatures of commits: {0}")]
    Signatures(#[from] PublishError),
    /// The base does not have the file of signers that its policy names.
    #[error("`{path}`, which `signed-by` names, is not a file of `{base}`")]
    NoSigners {
        /// The path from the root of the flag repository.
        path: String,
        /// The name of the base.
        base: String,
    },
}
