//! From one commit to another.

use std::sync::Arc;

use git2::ErrorCode;

use super::rev::short;
use super::{GitError, Revision};

impl Revision {
    /// The newest commit that both come from; none if they have none in common here.
    ///
    /// # Errors
    /// [`GitError`] if the history cannot be read.
    pub fn fork(&self, other: &Self) -> Result<Option<Self>, GitError> {
        let found = self.repository.with(|handle| match handle.merge_base(self.commit, other.commit) {
            Ok(base) => Ok(Some((base, handle.find_commit(base)?.tree_id()))),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(GitError::from(error)),
        })?;
        Ok(found.map(|(commit, tree)| {
            Self::new(Arc::clone(&self.repository), short(commit), commit, tree).below(self.folder.clone())
        }))
    }

    /// The paths, from git's root, of all files that are not the same at the other commit; both of one that moved.
    ///
    /// # Errors
    /// [`GitError`] if a tree cannot be read.
    pub fn changed(&self, other: &Self) -> Result<Vec<String>, GitError> {
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
