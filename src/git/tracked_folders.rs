//! The folders that contain a file of some name, as git's index has them.
//!
//! Git's index is one list of all files that git tracks. A search in it needs no walk through folders on disk, which may
//! contain copies of other repositories, such as installed packages.

use std::collections::BTreeSet;
use std::path::Path;

use crate::git::error::GitError;
use crate::git::handles;
use crate::git::sparse::explain_index;

/// Returns the folders, at most `max_depth` levels below the top of a working tree, in which git tracks a file of this
/// name, sorted. Paths are relative to the top, and the path of the top is empty.
///
/// # Errors
/// Returns [`GitError`] if the repository or its index cannot be read.
pub fn tracked_folders_with_file(
    top_folder: &Path,
    name: &str,
    max_depth: usize,
) -> Result<BTreeSet<String>, GitError> {
    let handle = handles::open(top_folder)?;
    let index = handle.index().map_err(|error| explain_index(top_folder, error))?;
    let folder = |entry: git2::IndexEntry| {
        let path = String::from_utf8(entry.path).ok()?;
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", &path));
        let depth = if folder.is_empty() { 0 } else { folder.matches('/').count() + 1 };
        (file == name && depth <= max_depth).then(|| folder.to_owned())
    };
    Ok(index.iter().filter_map(folder).collect())
}
