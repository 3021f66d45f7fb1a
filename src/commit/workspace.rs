//! The repository to write to, and the folder in it to which paths are relative.

use std::fs;
use std::path::Path;

use git2::{ErrorCode, Repository, RepositoryOpenFlags};

use crate::commit::error::CommitError;
use crate::commit::git_command;

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
    /// Returns [`CommitError`] if the repository does not exist, cannot be opened, or is not safe by git's settings
    /// `safe.directory` and `safe.bareRepository`.
    pub(super) fn open(folder: &Path) -> Result<Self, CommitError> {
        let opened = match Repository::discover(folder) {
            // This function ignores the variables with the paths of git's settings, which may have `safe.directory`.
            Err(error) if error.code() == ErrorCode::Owner => {
                Repository::open_ext(folder, RepositoryOpenFlags::FROM_ENV, &[] as &[&Path])
            }
            opened => opened,
        };
        let repository = opened.map_err(|error| match error.code() {
            ErrorCode::NotFound => CommitError::NoRepository(folder.to_owned()),
            _ => CommitError::Repository { folder: folder.to_owned(), error },
        })?;
        let prefix = match repository.workdir() {
            None => {
                check_bare_repository_is_safe(repository.path())?;
                String::new()
            }
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

/// Checks that git uses a bare repository that it finds in a folder. libgit2 ignores the setting `safe.bareRepository`,
/// which protects users from a bare repository in the files of another repository.
fn check_bare_repository_is_safe(folder: &Path) -> Result<(), CommitError> {
    let result = git_command::output(&mut git_command::in_folder(folder, &["rev-parse", "--git-dir"]))?;
    if result.status.success() {
        return Ok(());
    }
    Err(CommitError::UnsafeBareRepository(git_command::combined_output(&result)))
}
