//! A commit and a folder in it.
//!
//! All paths are relative to that folder. A [`Revision`] has the same files as a checkout of the commit, but git's
//! filters and line endings are not applied. `revision_files` lists and reads them.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use git2::{ErrorClass, ErrorCode, Oid};

use crate::git::error::GitError;
use crate::git::repository::Repository;
use crate::git::rev_parse;
use crate::git::rev_parse::RevisionSpec;
use crate::git::tree_entries::Tree;

/// A folder of a git repository at a commit.
#[derive(Clone)]
pub struct Revision {
    pub(super) repository: Arc<Repository>,
    pub(super) name: String,
    pub(super) commit: Oid,
    pub(super) tree: Oid,
    /// The first parent, or `None` if the commit has no parent, or if a shallow clone does not contain it.
    pub(super) first_parent: Option<Oid>,
    /// The path of the folder, relative to git's root; empty at the root.
    pub(super) folder: String,
}

impl Revision {
    /// Finds a commit; the folder is git's root.
    ///
    /// # Errors
    /// Returns [`GitError`] if the revision does not exist or is not a commit.
    pub fn find(repository: &Arc<Repository>, spec: &RevisionSpec) -> Result<Self, GitError> {
        repository.handles.with(|handle| {
            let (commit, name) = rev_parse::resolve(handle, spec)?;
            Ok(Self::new(Arc::clone(repository), name, &handle.find_commit(commit)?))
        })
    }

    /// Creates a revision of a commit; the folder is git's root.
    pub(super) fn new(repository: Arc<Repository>, name: String, commit: &git2::Commit<'_>) -> Self {
        let first_parent = commit.parent_ids().next();
        Self { repository, name, commit: commit.id(), first_parent, tree: commit.tree_id(), folder: String::new() }
    }

    /// Returns the same commit with another folder, whose path is relative to git's root.
    #[must_use]
    pub fn in_folder(self, folder: String) -> Self {
        Self { folder, ..self }
    }

    /// Returns the name of the revision as the user wrote it. For the state at a time, it returns the abbreviated id of
    /// the commit. Git accepts this name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the full id of the commit.
    pub fn commit(&self) -> String {
        self.commit.to_string()
    }

    /// Returns the full id of the commit's tree. Two commits have the same files if and only if their ids are equal.
    pub fn tree_id(&self) -> String {
        self.tree.to_string()
    }

    /// Returns whether both commits have the same files in the complete git repository.
    pub fn has_same_files(&self, other: &Self) -> bool {
        self.tree == other.tree
    }

    /// Returns the committer's time, in seconds since 1970.
    ///
    /// # Errors
    /// Returns [`GitError`] if the commit cannot be read.
    pub fn seconds(&self) -> Result<i64, GitError> {
        self.repository.handles.with(|handle| Ok(handle.find_commit(self.commit)?.time().seconds()))
    }

    /// Returns the path of the folder in the working tree, or `None` in a bare repository.
    pub fn worktree_folder(&self) -> Option<PathBuf> {
        let workdir = self.repository.workdir()?;
        Some(if self.folder.is_empty() { workdir.to_owned() } else { workdir.join(&self.folder) })
    }

    /// Returns the prefix that makes a path relative to git's root: empty, or the folder's path with a `/` at its end.
    pub fn prefix(&self) -> String {
        if self.folder.is_empty() { String::new() } else { format!("{}/", self.folder) }
    }

    /// Returns all entries of a tree.
    pub(super) fn tree(&self, id: Oid) -> Result<Arc<Tree>, GitError> {
        self.repository.trees.tree(id).map_err(|error| self.explain_missing_object(error))
    }

    /// Replaces the error of a missing object if the repository is a partial clone, which normally lacks objects.
    pub(super) fn explain_missing_object(&self, error: GitError) -> GitError {
        match error {
            GitError::Other(error)
                if (error.class(), error.code()) == (ErrorClass::Odb, ErrorCode::NotFound)
                    && self.repository.is_partial_clone() =>
            {
                GitError::Partial { rev: self.name.clone() }
            }
            error => error,
        }
    }
}

impl fmt::Debug for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Revision({}:{})", self.name, self.folder)
    }
}
