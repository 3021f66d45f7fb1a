//! The versions of a flag's files at a commit. The flag and its kills have the same definitions at two commits with
//! equal versions.

use std::collections::BTreeSet;

use crate::git::{GitError, Revision};
use crate::model::{FLAGS, KILLS, flag_file_name, shadowed_key};

/// The files of a flag and of its kills at a commit.
#[derive(Debug, Default)]
pub struct FlagVersions {
    /// The path of the flag's file, or `None` if the flag does not exist.
    pub path: Option<String>,
    /// The blob ids of the flag's file and of its kills. They do not depend on the path of the flag's file, so a move
    /// of that file is not a change.
    pub files: BTreeSet<String>,
}

impl FlagVersions {
    /// Reads the versions at a revision.
    ///
    /// `likely_path` is the path of the flag's file at a neighbouring commit. It is tried first, because files rarely move
    /// and a search reads more objects.
    ///
    /// # Errors
    /// Returns [`GitError`] if a folder cannot be read.
    pub fn read(revision: &Revision, key: &str, likely_path: Option<&str>) -> Result<Self, GitError> {
        let Some(name) = flag_file_name(key) else { return Ok(Self::default()) };
        let blob_id = |path: &str| revision.blob_id(path);
        let mut path = likely_path.map(str::to_owned);
        let mut file = path.as_deref().map(blob_id).transpose()?.flatten();
        if file.is_none() {
            // The file of a flag also defines its shadow.
            let shadowed = || shadowed_key(key).and_then(flag_file_name);
            path = match (revision.search(FLAGS, &name)?, shadowed()) {
                (None, Some(name)) => revision.search(FLAGS, &name)?,
                (path, _) => path,
            };
            file = path.as_deref().map(blob_id).transpose()?.flatten();
        }
        let mut files: BTreeSet<String> = file.into_iter().collect();
        for kill in revision.files_named(KILLS, &name)? {
            files.extend(blob_id(&kill)?.map(|id| format!("{kill} {id}")));
        }
        Ok(Self { path, files })
    }
}
