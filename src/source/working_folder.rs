//! A folder on disk that is not a flag repository yet, or whose repository has files beside the definitions.
//!
//! Commands that begin a flag repository write new files here: definitions, and the files of editors and of CI services at
//! git's root.
//!
//! **Invariant:** a file that exists is never changed, also if it is a link or appears at the same time.
//! **Invariant:** no file is written outside the root of the git repository or in `.git`, wherever a link leads.

use std::fs;
use std::path::{Path, PathBuf};

use crate::snapshot::File;
use crate::source::error::SourceError;
use crate::source::working_tree::{PathState, WorkingTree};
use crate::tree;
use crate::tree::{FolderFault, Found, TreeError, join_path};

/// A folder, and the git repository around it. All paths are relative to git's root or, outside of git, to the folder.
pub struct WorkingFolder {
    files: WorkingTree,
}

impl WorkingFolder {
    /// Opens an existing folder.
    ///
    /// # Errors
    /// Returns [`SourceError`] if the folder does not exist or cannot be opened.
    pub fn open(folder: &Path) -> Result<Self, SourceError> {
        let absolute = fs::canonicalize(folder).map_err(|error| SourceError::Io { path: folder.to_owned(), error })?;
        Ok(Self { files: WorkingTree::open(&absolute)? })
    }

    /// Returns the prefix of the folder's paths: empty, or the path of the folder with a `/` at its end.
    pub fn prefix(&self) -> &str {
        &self.files.prefix
    }

    /// Returns the absolute path of git's root or, outside of git, of the folder.
    pub fn top(&self) -> PathBuf {
        self.files.top_folder().to_owned()
    }

    /// Returns whether the folder is in a git repository.
    pub fn is_in_git(&self) -> bool {
        self.files.top_folder().join(".git").symlink_metadata().is_ok()
    }

    /// Returns whether a new file can be written to a path.
    ///
    /// # Errors
    /// Returns [`SourceError`] if a folder of the path is a link out of the repository or is no folder.
    pub fn state(&self, path: &str) -> Result<PathState, SourceError> {
        // A folder that leads elsewhere is an error, also if a link in it leads to nothing.
        self.existing_folder(path)?;
        Ok(match tree::find(&self.files, path)? {
            Found::Nothing => PathState::Free,
            Found::File(..) | Found::Folder(..) | Found::Unreadable(_) => PathState::Taken,
        })
    }

    /// Reads a file. Returns `None` if it does not exist.
    ///
    /// # Errors
    /// Returns [`SourceError`] if the file exists and cannot be read.
    pub fn read(&self, path: &str) -> Result<Option<File>, SourceError> {
        match tree::find(&self.files, path)? {
            Found::File(file, _) => Ok(Some(self.files.read(path, &file)?)),
            Found::Nothing | Found::Folder(..) => Ok(None),
            Found::Unreadable(fault) => Ok(Some(File::unreadable(path.to_owned(), fault))),
        }
    }

    /// Returns the names in a folder, sorted. The list is empty if the folder does not exist.
    ///
    /// # Errors
    /// Returns [`SourceError`] if the folder cannot be read.
    pub fn names(&self, folder: &str) -> Result<Vec<String>, SourceError> {
        let Found::Folder(folder, _) = tree::find(&self.files, folder)? else { return Ok(Vec::new()) };
        let mut names: Vec<String> = self.files.entries(&folder)?.into_iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// Writes a new file, and the folders of its path that do not exist. Leaves a file that exists as it is. Returns whether
    /// the path was free.
    ///
    /// # Errors
    /// Returns [`SourceError`] if the file cannot be written.
    pub fn create(&self, path: &str, text: &str) -> Result<PathState, SourceError> {
        if self.state(path)? == PathState::Taken {
            return Ok(PathState::Taken);
        }
        let (existing, missing) = self.existing_folder(path)?;
        let path = join_path(&existing, missing);
        // A sparse checkout may omit a folder that exists.
        for (end, _) in path.match_indices('/') {
            self.files.create_folder(path.get(..end).unwrap_or_default())?;
        }
        self.files.create(&path, text.as_bytes())
    }

    /// Splits a path into its deepest existing folder, without links, and the rest.
    fn existing_folder<'p>(&self, path: &'p str) -> Result<(String, &'p str), SourceError> {
        let mut folder = path;
        loop {
            folder = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
            let rest = path.get(folder.len()..).unwrap_or_default().trim_start_matches('/');
            let fault = match tree::find(&self.files, folder)? {
                Found::Folder(real_path, _) => return Ok((real_path, rest)),
                Found::Nothing => continue,
                Found::File(..) => FolderFault::NotAFolder,
                Found::Unreadable(fault) => FolderFault::Entry { fault },
            };
            return Err(TreeError { path: folder.to_owned(), fault }.into());
        }
    }
}
