//! A folder as a target.
//!
//! A file is written with a temporary name in the same folder, and renamed when it is complete. If the program is killed
//! before, the next write in that folder removes the temporary file.
//!
//! A program that replaces a file holds the lock of the file's folder. If the program is killed, the operating system
//! releases the lock.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tempfile::{Builder, NamedTempFile};

use crate::store::error::StoreError;
use crate::store::object::{ContentVersion, Mutability, Object, ObjectVersion, PutResult};
use crate::temporary;

/// The name of the lock file in each folder.
const LOCK: &str = ".lock";

/// A folder as a target.
pub(super) struct Folder {
    root: PathBuf,
}

impl Folder {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub(super) fn get(&self, path: &str, max_bytes: u64) -> Result<Option<Object>, StoreError> {
        let file_path = self.root.join(path);
        match read(&file_path, max_bytes) {
            Ok((bytes, _)) if bytes.len() as u64 > max_bytes => {
                Err(StoreError::TooLarge { target: file_path.display().to_string(), max_bytes })
            }
            Ok((bytes, written)) => {
                let version = ObjectVersion { content: ContentVersion::of(&bytes), ..ObjectVersion::default() };
                Ok(Some(Object { bytes, version, written }))
            }
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(StoreError::io(file_path)(error)),
        }
    }

    pub(super) fn create(&self, path: &str, bytes: &[u8], mutability: Mutability) -> Result<PutResult, StoreError> {
        let file_path = self.root.join(path);
        let result = write_temporary(&file_path, bytes, mutability)
            .and_then(|file| match file.persist_noclobber(&file_path) {
                Ok(_) => Ok(PutResult::Written),
                Err(failed) if failed.error.kind() == ErrorKind::AlreadyExists => Ok(PutResult::Conflict),
                Err(failed) => Err(failed.error),
            })
            .map_err(StoreError::io(&file_path))?;
        sync_folder(&file_path)?;
        Ok(result)
    }

    pub(super) fn replace(
        &self,
        path: &str,
        old: &ObjectVersion,
        bytes: &[u8],
        mutability: Mutability,
    ) -> Result<PutResult, StoreError> {
        let file_path = self.root.join(path);
        let lock = file_path.with_file_name(LOCK);
        // Closing the file releases the lock.
        let held = File::options().create(true).truncate(false).write(true).open(&lock);
        let held = held.and_then(|file| file.lock().map(|()| file)).map_err(StoreError::io(lock))?;
        let current = match self.get(path, old.content.size) {
            Ok(object) => object.map(|object| object.version.content),
            Err(StoreError::TooLarge { .. }) => None,
            Err(error) => return Err(error),
        };
        if current != Some(old.content) {
            return Ok(PutResult::Conflict);
        }
        write_temporary(&file_path, bytes, mutability)
            .and_then(|file| Ok(file.persist(&file_path)?))
            .map_err(StoreError::io(&file_path))?;
        sync_folder(&file_path)?;
        drop(held);
        Ok(PutResult::Written)
    }

    pub(super) fn folders(&self) -> Result<Vec<String>, StoreError> {
        let entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(StoreError::io(&self.root)(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(StoreError::io(&self.root))?;
            if entry.path().is_dir() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}

/// Reads at most one byte more than `max_bytes` of a regular file. A device or a FIFO could block the program, so it is
/// an error. Also returns the time of the last write, if the file system knows it.
fn read(path: &Path, max_bytes: u64) -> io::Result<(Vec<u8>, Option<Timestamp>)> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "expected a regular file"));
    }
    let mut bytes = Vec::new();
    let file = File::open(path)?;
    let written = file.metadata()?.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
    file.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((bytes, written))
}

/// Writes the bytes to a temporary file in the folder of `path`, and flushes them to the disk.
fn write_temporary(path: &Path, bytes: &[u8], mutability: Mutability) -> io::Result<NamedTempFile> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut builder = Builder::new();
    // Other users, such as a web server, must be able to read the files. The umask still applies. On other systems, the
    // permissions of the folder decide this.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(match mutability {
        Mutability::Immutable => 0o444,
        Mutability::Replaceable => 0o666,
    }));
    #[cfg(not(unix))]
    let _ = mutability;
    let mut file = temporary::file_in(&mut builder, folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Flushes the folder of a file to the disk, so the new name of the file survives a power failure. Does nothing on
/// systems that do not support this.
fn sync_folder(path: &Path) -> Result<(), StoreError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    #[cfg(unix)]
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(StoreError::io(folder))?;
    Ok(())
}
