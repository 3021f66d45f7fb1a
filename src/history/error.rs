//! The reasons why history cannot be read.

use crate::eval::ContextError;
use crate::git::GitError;
use crate::source::SourceError;

/// The reason why the history of a flag cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// A commit cannot be read.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A file or folder of a commit cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The JSON is not a context.
    #[error(transparent)]
    Context(#[from] ContextError),
}
