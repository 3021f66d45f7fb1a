//! A flag repository in a folder on disk, in its current state.

use std::fs::{self, FileType};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::snapshot::{FILE_LIMIT, Fault, File, PROJECT_FILE, is_yaml};
use crate::source::error::SourceError;

/// A folder with a [`PROJECT_FILE`].
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// Finds the nearest folder with a [`PROJECT_FILE`] at or above a folder.
    ///
    /// # Errors
    /// Returns [`SourceError::NoProject`] if there is none.
    pub fn find(start: &Path) -> Result<Self, SourceError> {
        let absolute = fs::canonicalize(start).map_err(|error| io_error(start, error))?;
        let root = absolute.ancestors().find(|folder| folder.join(PROJECT_FILE).is_file());
        match root {
            Some(root) => Ok(Self { root: root.to_owned() }),
            None => Err(SourceError::NoProject(start.to_owned())),
        }
    }

    /// Returns the absolute path of the folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the paths of the YAML files below a folder, sorted. The list is empty if the folder does not exist. See
    /// [`Source::list`](crate::source::Source::list).
    ///
    /// # Errors
    /// Returns [`SourceError::Io`] if a folder cannot be listed, or if the target of a link does not exist.
    pub fn list(&self, folder: &str) -> Result<Vec<String>, SourceError> {
        let mut found = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            for (path, kind) in self.entries(&folder)? {
                if kind.is_dir() {
                    folders.push(path);
                } else if is_yaml(&path) {
                    let file = self.root.join(&path);
                    // A dangling link is an error, because skipping it would silently drop a flag.
                    if kind.is_file() || fs::metadata(&file).map_err(|error| io_error(&file, error))?.is_file() {
                        found.push(path);
                    }
                }
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    /// Returns the path of the file `name` in a folder or, if it has none, in the nearest folders below it.
    ///
    /// The search checks whether each folder contains the name, and lists a folder only to continue below it. A search
    /// for one flag among ten thousand therefore does not read the names of the others.
    ///
    /// # Errors
    /// Returns [`SourceError::Io`] if a folder cannot be listed.
    pub fn search(&self, folder: &str, name: &str) -> Result<Option<String>, SourceError> {
        let mut level = vec![folder.to_owned()];
        while !level.is_empty() {
            let mut candidates = level.iter().map(|folder| format!("{folder}/{name}"));
            if let Some(found) = candidates.find(|path| self.root.join(path).is_file()) {
                return Ok(Some(found));
            }
            let mut next_level = Vec::new();
            for folder in &level {
                let folders = self.entries(folder)?.into_iter().filter(|(_, kind)| kind.is_dir());
                next_level.extend(folders.map(|(path, _)| path));
            }
            next_level.sort_unstable();
            level = next_level;
        }
        Ok(None)
    }

    /// Reads a file. Returns `None` if it does not exist. The text of a file above [`FILE_LIMIT`] is not read.
    ///
    /// # Errors
    /// Returns [`SourceError::Io`] if the file exists and cannot be read.
    pub fn read(&self, path: &str) -> Result<Option<File>, SourceError> {
        let absolute = self.root.join(path);
        let result = fs::File::open(&absolute).and_then(|file| {
            let metadata = file.metadata()?;
            if metadata.len() > FILE_LIMIT {
                let fault = Some(Fault::TooLarge(metadata.len()));
                return Ok(File { path: path.to_owned(), text: String::new(), fault });
            }
            let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
            // The file may have grown since its size was read.
            file.take(FILE_LIMIT).read_to_end(&mut bytes)?;
            Ok(File::new(path.to_owned(), bytes))
        });
        match result {
            Ok(file) => Ok(Some(file)),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(io_error(&absolute, error)),
        }
    }

    /// Returns the paths and types of the entries of a folder. Names that begin with a dot are skipped.
    fn entries(&self, folder: &str) -> Result<Vec<(String, FileType)>, SourceError> {
        let absolute = self.root.join(folder);
        let entries = match fs::read_dir(&absolute) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(io_error(&absolute, error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| io_error(&absolute, error))?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if !name.starts_with('.') {
                let kind = entry.file_type().map_err(|error| io_error(&entry.path(), error))?;
                found.push((format!("{folder}/{name}"), kind));
            }
        }
        Ok(found)
    }
}

fn io_error(path: &Path, error: io::Error) -> SourceError {
    SourceError::Io { path: path.to_owned(), error }
}
