//! Where two revisions part, and which branch others begin at.

use std::sync::Arc;

use git2::ErrorCode;

use crate::source::repository::Repository;
use crate::source::rev_parse::{short, unmet};
use crate::source::{GitError, Revision};

/// Branches that repositories begin with, as a clone may have them.
const TRUNKS: [&str; 4] = ["main", "master", "origin/main", "origin/master"];

impl Repository {
    /// The branch that others begin at: that of the remote `origin`, or else `main` or `master`; none if there is
    /// none of them.
    ///
    /// # Errors
    /// [`GitError`] if references cannot be read.
    pub fn trunk(&self) -> Result<Option<String>, GitError> {
        self.with(|handle| {
            let remote = handle.find_reference("refs/remotes/origin/HEAD").ok();
            let remote = remote.and_then(|head| {
                let target = head.symbolic_target().ok().flatten()?.strip_prefix("refs/remotes/")?.to_owned();
                handle.resolve_reference_from_short_name(&target).is_ok().then_some(target)
            });
            let there = |name: &&str| handle.resolve_reference_from_short_name(name).is_ok();
            Ok(remote.or_else(|| TRUNKS.into_iter().find(there).map(str::to_owned)))
        })
    }
}

impl Revision {
    /// Where the histories of both part: the best of their common ancestors. The flag repository may be missing
    /// there.
    ///
    /// # Errors
    /// [`GitError::NoCommonAncestor`] if this clone has none.
    pub fn fork(&self, other: &Self) -> Result<Self, GitError> {
        let revision = self.repository.with(|handle| match handle.merge_base(self.commit, other.commit) {
            Ok(base) => Ok(Self::new(Arc::clone(&self.repository), short(base), &handle.find_commit(base)?)),
            Err(error) if error.code() == ErrorCode::NotFound => {
                Err(unmet(handle, self.name().to_owned(), other.name().to_owned()))
            }
            Err(error) => Err(error.into()),
        })?;
        Ok(revision.below(other.folder.clone()))
    }

    /// The paths, from git's root, of all files that are not the same at the other commit, definitions or not; both
    /// of one that moved.
    ///
    /// # Errors
    /// [`GitError`] if a tree cannot be read.
    pub fn files_changed(&self, other: &Self) -> Result<Vec<String>, GitError> {
        self.repository.with(|handle| {
            let tree = |revision: &Self| handle.find_commit(revision.commit)?.tree();
            let diff = handle.diff_tree_to_tree(Some(&tree(self)?), Some(&tree(other)?), None)?;
            let path = |delta: git2::DiffDelta<'_>| {
                let path = delta.new_file().path_bytes().or(delta.old_file().path_bytes()).unwrap_or_default();
                String::from_utf8_lossy(path).into_owned()
            };
            Ok(diff.deltas().map(path).collect())
        })
    }
}
