//! The last state before a file was added, such as the state before a kill.

use crate::git::{GitError, Revision};

/// Returns the newest commit in the first-parent history of `tip`, other than `tip`, that does not have a file. Returns
/// `None` if there is none, or if a shallow clone ends before it.
///
/// # Errors
/// Returns [`GitError`] if a commit cannot be read.
pub fn state_before_file(tip: &Revision, path: &str) -> Result<Option<Revision>, GitError> {
    let mut next = tip.parent()?;
    while let Some(revision) = next {
        if revision.blob_id(path)?.is_none() {
            return Ok(Some(revision));
        }
        next = revision.parent()?;
    }
    Ok(None)
}
