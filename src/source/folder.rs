//! A flag repository in a folder on disk, as it stands.

use std::fs::{self, FileType};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::snapshot::{FILE_LIMIT, Fault, File, PROJECT_FILE, is_yaml};
use crate::source::SourceError;

/// The folder that holds a [`PROJECT_FILE`].
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// The nearest flag repository at or above `start`.
    ///
    /// # Errors
    /// [`SourceError::NoProject`] if there is none.
    pub fn find(start: &Path) -> Result<Self, SourceError> {
        let absolute = fs::canonicalize(start).map_err(|error| failed(start, error))?;
        let root = absolute.ancestors().find(|folder| folder.join(PROJECT_FILE).is_file());
        match root {
            Some(root) => Ok(Self { root: root.to_owned() }),
            None => Err(SourceError::NoProject(start.to_owned())),
        }
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The YAML files below a folder of the repository, by path; none if the folder is not there.
    ///
    /// Also `.yml`, so that a wrong extension can be reported. Links to folders are not followed, and
    /// names that begin with a dot are left out.
    ///
    /// # Errors
    /// [`SourceError::Io`] if a folder cannot be listed.
    pub fn list(&self, folder: &str) -> Result<Vec<String>, SourceError> {
        let mut found = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            for (path, kind) in self.entries(&folder)? {
                if kind.is_dir() {
                    folders.push(path);
                } else if is_yaml(&path) {
                    let place = self.root.join(&path);
                    // A link that leads nowhere would otherwise be a flag that nobody misses.
                    if kind.is_file() || fs::metadata(&place).map_err(|error| failed(&place, error))?.is_file() {
                        found.push(path);
                    }
                }
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    /// The file `name` in the folder or, where it has none, in the nearest folders below it.
    ///
    /// Looks into each folder by name, and lists one only to go on below it: a flag among ten thousand is
    /// found without reading their names.
    ///
    /// # Errors
    /// [`SourceError::Io`] if a folder cannot be listed.
    pub fn search(&self, folder: &str, name: &str) -> Result<Option<String>, SourceError> {
        let mut level = vec![folder.to_owned()];
        while !level.is_empty() {
            let here = level.iter().map(|folder| format!("{folder}/{name}"));
            if let Some(found) = here.into_iter().find(|path| self.root.join(path).is_file()) {
                return Ok(Some(found));
            }
            let mut below = Vec::new();
            for folder in &level {
                let folders = self.entries(folder)?.into_iter().filter(|(_, kind)| kind.is_dir());
                below.extend(folders.map(|(path, _)| path));
            }
            below.sort_unstable();
            level = below;
        }
        Ok(None)
    }

    /// A file of the repository; none if it is not there.
    ///
    /// # Errors
    /// [`SourceError::Io`] if it is there and cannot be read.
    pub fn read(&self, path: &str) -> Result<Option<File>, SourceError> {
        let place = self.root.join(path);
        let result = fs::File::open(&place).and_then(|file| {
            let metadata = file.metadata()?;
            if metadata.len() > FILE_LIMIT {
                let fault = Some(Fault::TooLarge(metadata.len()));
                return Ok(File { path: path.to_owned(), text: String::new(), fault });
            }
            let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
            // It may have grown since.
            file.take(FILE_LIMIT).read_to_end(&mut bytes)?;
            Ok(File::new(path.to_owned(), bytes))
        });
        match result {
            Ok(file) => Ok(Some(file)),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(failed(&place, error)),
        }
    }

    fn entries(&self, folder: &str) -> Result<Vec<(String, FileType)>, SourceError> {
        let place = self.root.join(folder);
        let entries = match fs::read_dir(&place) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(&place, error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| failed(&place, error))?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if !name.starts_with('.') {
                let kind = entry.file_type().map_err(|error| failed(&entry.path(), error))?;
                found.push((format!("{folder}/{name}"), kind));
            }
        }
        Ok(found)
    }
}

fn failed(path: &Path, error: io::Error) -> SourceError {
    SourceError::Io { path: path.to_owned(), error }
}
