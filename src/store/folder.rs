//! A folder as a target.
//!
//! A file is written with a temporary name in the same folder, and renamed when it is complete. A program that replaces
//! a file holds the lock of the file's folder. If the program is killed, the operating system releases the lock.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::store::error::StoreError;
use crate::store::object::{Mutability, Object, ObjectVersion, PutResult};

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

    pub(super) fn get(&self, path: &str) -> Result<Option<Object>, StoreError> {
        let file_path = self.root.join(path);
        #[allow(clippy::disallowed_methods, reason = "a published object, not a definition")]
        match fs::read(&file_path) {
            Ok(bytes) => Ok(Some(Object { version: version(&bytes), bytes })),
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
        let current = self.get(path)?.map(|object| object.version);
        if current.and_then(|version| version.tag) != old.tag {
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

/// Writes the bytes to a temporary file in the folder of `path`, and flushes them to the disk.
fn write_temporary(path: &Path, bytes: &[u8], mutability: Mutability) -> io::Result<NamedTempFile> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut builder = Builder::new();
    builder.prefix(".unfinished-");
    // Other users, such as a web server, must be able to read the files. The umask still applies. On other systems, the
    // permissions of the folder decide this.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(match mutability {
        Mutability::Immutable => 0o444,
        Mutability::Replaceable => 0o666,
    }));
    #[cfg(not(unix))]
    let _ = mutability;
    let mut file = builder.tempfile_in(folder)?;
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

/// Computes a version from the content.
fn version(bytes: &[u8]) -> ObjectVersion {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    ObjectVersion { tag: Some(format!("{:016x}-{}", hasher.finish(), bytes.len())), generation: None }
}
