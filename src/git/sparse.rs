//! The files that a sparse checkout omits from the working tree.
//!
//! The input is the top of a working tree. The output is the files that have the flag `skip-worktree` in git's index.
//! A file with this flag may nevertheless exist in the working tree; the caller then reads it there, as git does.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use git2::ErrorClass;

use crate::git::error::GitError;
use crate::git::handles;
use crate::git::index_tree::IndexTree;

/// The flag of an index entry whose file a sparse checkout omits.
const SKIP_WORKTREE: u16 = 1 << 14;
/// The signature of an index, and the version that has no flag for omitted files.
const VERSION_WITHOUT_FLAGS: [u8; 8] = *b"DIRC\0\0\0\x02";

/// Returns the files that a sparse checkout omits, or `None` if there are none.
///
/// # Errors
/// Returns [`GitError`] if the repository or its index cannot be read.
pub fn omitted_files(top_folder: &Path) -> Result<Option<IndexTree>, GitError> {
    // Most repositories have an index that cannot have the flag. Its version is read without the entries.
    if let Some(header) = header(&top_folder.join(".git/index"))
        && header == VERSION_WITHOUT_FLAGS
    {
        return Ok(None);
    }
    let handle = handles::open(top_folder)?;
    let index = handle.index().map_err(|error| explain_index(top_folder, error))?;
    let mut omitted = index.iter().filter(is_omitted).peekable();
    if omitted.peek().is_none() {
        return Ok(None);
    }
    let omitted: Vec<_> = omitted.collect();
    Ok(Some(IndexTree::new(omitted.into_iter(), handle)))
}

/// Returns whether a sparse checkout omits the file of an index entry.
pub(super) fn is_omitted(entry: &git2::IndexEntry) -> bool {
    entry.flags_extended & SKIP_WORKTREE != 0
}

/// Returns whether a file is in the working tree although its index entry says that a sparse checkout omits it. libgit2
/// does not compare such a file, so it counts as changed. `git status` corrects the entry.
pub(super) fn is_present(top_folder: &Path, path: &[u8]) -> bool {
    str::from_utf8(path).is_ok_and(|path| top_folder.join(path).symlink_metadata().is_ok())
}

/// Replaces the error for an index in which one entry stands for a folder that is omitted.
pub(super) fn explain_index(top_folder: &Path, error: git2::Error) -> GitError {
    if error.class() == ErrorClass::Index && error.message().contains("extension") {
        return GitError::SparseIndex(top_folder.to_owned());
    }
    error.into()
}

fn header(index: &Path) -> Option<[u8; 8]> {
    let mut header = [0; 8];
    File::open(index).ok()?.read_exact(&mut header).ok()?;
    Some(header)
}
