//! The errors of walking through the folders of a repository.

use crate::snapshot::Fault;
use crate::tree::{MAX_ENTRIES, MAX_LEVELS};

/// A folder of definitions cannot be listed completely. This is an error, because skipping a part of it would silently
/// drop flags or kills.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` {fault}")]
pub struct TreeError {
    /// The path of the folder or link, as messages show it.
    pub path: String,
    /// The reason.
    pub fault: FolderFault,
}

/// The reason why a folder cannot be listed completely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FolderFault {
    /// An entry cannot be read.
    #[error("{fault}; {}", .fault.help())]
    Entry {
        /// The fault of the entry.
        fault: Fault,
    },
    /// A file is where a folder is needed.
    #[error("is a file, and a folder is needed there")]
    NotAFolder,
    /// A link leads to a folder that contains the link.
    #[error("is a link to a folder that contains it; remove the link")]
    Cycle,
    /// Folders are nested too deep.
    #[error("is nested more than {MAX_LEVELS} folders deep; use fewer levels of folders")]
    TooDeep,
    /// The folders have too many entries.
    #[error("has more than {MAX_ENTRIES} files and folders in and below it")]
    TooLarge,
    /// A name is not text.
    #[error("has a name that is not UTF-8; rename it")]
    Name,
}
