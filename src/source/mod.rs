//! The states of a flag repository from which definitions are read.
//!
//! The module takes a folder or a revision. It returns the definition files of a flag repository by their
//! paths, and the paths that differ from a revision. All states offer the same functions, so other modules do not need
//! to know whether they read a folder or git.
//!
//! **Invariant:** no other module reads definition files, and this module does not interpret their content.
//! **Invariant:** paths are relative to the root of the flag repository, with `/` between their parts.

mod error;
mod flag_repository;
mod folder;
mod working_folder;
mod working_tree;

use std::collections::BTreeSet;
use std::path::PathBuf;

use rayon::prelude::*;

use crate::git::{Revision, WordQuery};
use crate::snapshot::{Fault, File, is_yaml};
use crate::tree::is_relative;

pub use crate::source::error::SourceError;
pub use crate::source::flag_repository::FlagRepository;
pub use crate::source::folder::Folder;
pub use crate::source::working_folder::WorkingFolder;
pub use crate::source::working_tree::PathState;

/// A state of a flag repository.
#[derive(Debug, Clone)]
pub enum Source {
    /// A folder on disk in its current state.
    Folder(Folder),
    /// A commit, which may be a merge that only exists in memory.
    Revision(Revision),
}

impl Source {
    /// Returns the paths of the YAML files below a folder, sorted. The list is empty if the folder does not exist.
    ///
    /// Files whose name ends in `.yml` are included, so flagctl can report the wrong extension. Links are followed inside
    /// the repository. A link that cannot be followed is included, so that reading it reports the reason. Names that
    /// begin with a dot are skipped.
    ///
    /// # Errors
    /// Returns [`SourceError`] if a folder cannot be listed.
    pub fn list(&self, folder: &str) -> Result<Vec<String>, SourceError> {
        match self {
            Self::Folder(source) => source.list(folder),
            Self::Revision(source) => Ok(source.list(folder)?),
        }
    }

    /// Returns the path of the file `name` in a folder or, if it has none, in the nearest folders below it.
    ///
    /// # Errors
    /// Returns [`SourceError`] if a folder cannot be listed.
    pub fn search(&self, folder: &str, name: &str) -> Result<Option<String>, SourceError> {
        match self {
            Self::Folder(source) => source.search(folder, name),
            Self::Revision(source) => Ok(source.search(folder, name)?),
        }
    }

    /// Reads a file. Returns `None` if it does not exist. A file that must not be read, such as a link out of the
    /// repository, has a fault instead of its text.
    ///
    /// # Errors
    /// Returns [`SourceError`] if the file exists and cannot be read.
    pub fn read(&self, path: &str) -> Result<Option<File>, SourceError> {
        if !is_relative(path) {
            return Ok(Some(File::unreadable(path.to_owned(), Fault::Outside)));
        }
        match self {
            Self::Folder(source) => source.read(path),
            Self::Revision(source) => Ok(source.read(path)?),
        }
    }

    /// Returns the paths of the YAML files below some folders that have at least one of the words, in any order. The
    /// result may include a few files without these words.
    ///
    /// For a revision, the search uses the word index, so it does not read all files.
    ///
    /// # Errors
    /// Returns [`SourceError`] if a file or folder cannot be read.
    pub fn files_mentioning(&self, folders: &[&str], words: &[&str]) -> Result<Vec<String>, SourceError> {
        let query = WordQuery::new(words);
        if let Self::Revision(revision) = self {
            return Ok(revision.files_mentioning(folders, &query)?);
        }
        let paths = folders.iter().map(|folder| self.list(folder)).collect::<Result<Vec<_>, _>>()?.concat();
        let matching = |path: String| {
            let file = self.read(&path).transpose()?;
            file.map(|file| query.may_match(&file.text).then_some(path)).transpose()
        };
        paths.into_par_iter().filter_map(matching).collect()
    }

    /// Returns the paths of YAML files, at or below some paths, that were changed, added or removed since a revision.
    /// The result may include a link whose target did not change.
    ///
    /// # Errors
    /// Returns [`SourceError`] if a folder cannot be read.
    pub fn changed_since(&self, before: &Revision, paths: &[&str]) -> Result<BTreeSet<String>, SourceError> {
        Ok(match self {
            Self::Folder(after) => {
                let mut changed = BTreeSet::new();
                for path in before.changed_paths_in_worktree(paths)? {
                    // A path that is not a YAML file may be a linked folder.
                    if is_yaml(&path) {
                        changed.insert(path);
                    } else {
                        changed.extend(after.yaml_files_at(&path)?);
                        // A link that cannot be followed before the change does not prevent its repair.
                        changed.extend(before.yaml_files_at(&path).unwrap_or_default());
                    }
                }
                changed
            }
            Self::Revision(after) => before.changed_yaml_files(after, paths)?,
        })
    }

    /// Returns the folder of the flag repository in the working tree, or `None` for a bare repository.
    pub fn root(&self) -> Option<PathBuf> {
        match self {
            Self::Folder(folder) => Some(folder.root().to_owned()),
            Self::Revision(revision) => revision.worktree_folder(),
        }
    }

    /// Returns the prefix that makes a path relative to the root of the git repository: empty, or the path of the flag
    /// repository with a `/` at its end. It is empty outside of git.
    pub fn prefix(&self) -> String {
        match self {
            Self::Folder(folder) => folder.prefix().to_owned(),
            Self::Revision(revision) => revision.prefix(),
        }
    }

    /// Returns the revision, or `None` if the source is a folder.
    pub fn revision(&self) -> Option<&Revision> {
        match self {
            Self::Folder(_) => None,
            Self::Revision(revision) => Some(revision),
        }
    }
}
