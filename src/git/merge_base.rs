//! The best common ancestor of two revisions.

use std::sync::Arc;

use git2::ErrorCode;

use crate::git::error::GitError;
use crate::git::rev_parse::abbreviated;
use crate::git::revision::Revision;

impl Revision {
    /// Returns the best common ancestor of both commits, limited to the folder of `tip`. The ancestor may not have this
    /// folder.
    ///
    /// # Errors
    /// Returns [`GitError::NoCommonAncestor`] or [`GitError::NoCommonAncestorInShallow`] if this clone has none.
    pub fn merge_base(&self, tip: &Self) -> Result<Self, GitError> {
        let revision = self.repository.handles.with(|handle| match handle.merge_base(self.commit, tip.commit) {
            Ok(base) => Ok(Self::new(Arc::clone(&self.repository), abbreviated(base), &handle.find_commit(base)?)),
            Err(error) if error.code() == ErrorCode::NotFound => {
                let (base, tip) = (self.name().to_owned(), tip.name().to_owned());
                Err(match handle.is_shallow() {
                    true => GitError::NoCommonAncestorInShallow { base, tip },
                    false => GitError::NoCommonAncestor { base, tip },
                })
            }
            Err(error) => Err(error.into()),
        })?;
        Ok(revision.in_folder(tip.folder.clone()))
    }
}
