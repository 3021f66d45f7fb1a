//! The repository to write to, and the folder in it to which paths are relative.

use std::fs;
use std::path::Path;

use git2::{ErrorCode, Repository};

use crate::commit::error::CommitError;

/// A repository, and the folder in it to which paths are relative.
pub(super) struct Workspace {
    pub(super) repository: Repository,
    /// The path of the folder relative to git's root. It is empty, or ends with a `/`.
    pub(super) prefix: String,
}

impl Workspace {
    /// Opens the repository at or above a folder.
    ///
    /// # Errors
    /// Returns [`CommitError`] if the repository does not exist or cannot be opened.
    pub(super) fn open(folder: &Path) -> Result<Self, CommitError> {
        let repository = Repository::discover(folder).map_err(|error| match error.code() {
            ErrorCode::NotFound => CommitError::NoRepository(folder.to_owned()),
            _ => CommitError::Repository { folder: folder.to_owned(), error },
        })?;
        let prefix = match repository.workdir() {
            None => String::new(),
            Some(root) => {
                let root = fs::canonicalize(root).map_err(CommitError::io(root))?;
                let folder = fs::canonicalize(folder).map_err(CommitError::io(folder))?;
                let inside = folder.strip_prefix(&root).unwrap_or(Path::new(""));
                let parts = inside.iter().map(|part| part.to_str().map(|part| format!("{part}/")));
                parts.collect::<Option<String>>().ok_or_else(|| CommitError::Path(inside.display().to_string()))?
            }
        };
        Ok(Self { repository, prefix })
    }

    /// Returns the folder in which to run git: the top of the working tree, or the folder of a bare repository.
    pub(super) fn folder(&self) -> &Path {
        self.repository.workdir().unwrap_or_else(|| self.repository.path())
    }
}
