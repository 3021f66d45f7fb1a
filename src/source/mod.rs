//! Where definitions are read from.
//!
//! Takes a folder, or a revision of a git repository; gives the files of a flag repository, each under a
//! [`FileId`].
//!
//! **Invariant:** nothing else reads definitions or git, and nothing here knows what definitions mean.

mod changed;
mod error;
mod folder;
mod history;
mod merge_base;
mod merged;
mod object_cache;
mod repository;
mod rev_parse;
mod revision;
mod tree_cache;
mod tree_entries;
mod word_index;

use std::path::PathBuf;

use crate::snapshot::File;

pub use crate::source::error::{Depth, GitError, SourceError};
pub use crate::source::folder::Folder;
pub use crate::source::history::{About, Kinship};
pub use crate::source::merged::{Merge, Merged};
pub use crate::source::repository::Repository;
pub use crate::source::rev_parse::{Line, Rev};
pub use crate::source::revision::Revision;

/// A flag repository.
#[derive(Debug, Clone)]
pub enum Source {
    /// As it stands in a folder.
    Folder(Folder),
    /// As it was committed.
    Revision(Revision),
    /// As it would be after a merge.
    Merged(Merged),
}

impl Source {
    /// The YAML files below a folder of the repository, by path; none if the folder is not there.
    ///
    /// Also `.yml`, so that a wrong extension can be reported. Links to folders are not followed, and
    /// names that begin with a dot are left out.
    ///
    /// # Errors
    /// [`SourceError`] if a folder cannot be listed.
    pub fn list(&self, folder: &str) -> Result<Vec<String>, SourceError> {
        match self {
            Self::Folder(source) => source.list(folder),
            Self::Revision(source) => source.list(folder),
            Self::Merged(source) => Ok(source.list(folder)),
        }
    }

    /// The file `name` in the folder or, where it has none, in the nearest folders below it.
    ///
    /// # Errors
    /// [`SourceError`] if a folder cannot be listed.
    pub fn search(&self, folder: &str, name: &str) -> Result<Option<String>, SourceError> {
        match self {
            Self::Folder(source) => source.search(folder, name),
            Self::Revision(source) => source.search(folder, name),
            Self::Merged(source) => Ok(source.search(folder, name)),
        }
    }

    /// A file of the repository; none if it is not there.
    ///
    /// # Errors
    /// [`SourceError`] if it is there and cannot be read.
    pub fn read(&self, path: &str) -> Result<Option<File>, SourceError> {
        match self {
            Self::Folder(source) => source.read(path),
            Self::Revision(source) => source.read(path),
            Self::Merged(source) => Ok(source.read(path)),
        }
    }

    /// Where its files are on disk, or would be if the revision were checked out; none in a bare repository.
    pub fn root(&self) -> Option<PathBuf> {
        match self {
            Self::Folder(folder) => Some(folder.root().to_owned()),
            Self::Revision(revision) => revision.root(),
            Self::Merged(_) => None,
        }
    }

    /// The revision, if it is one.
    pub fn revision(&self) -> Option<&Revision> {
        match self {
            Self::Folder(_) | Self::Merged(_) => None,
            Self::Revision(revision) => Some(revision),
        }
    }
}
