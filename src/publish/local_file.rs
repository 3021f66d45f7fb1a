//! The local file that `pull` replaces, and its lock.
//!
//! A file is written with a temporary name in the same folder, and renamed when it is complete. A program that writes
//! holds the lock, so a temporary file that it finds belongs to a program that was killed, and is removed.
//!
//! **Invariant:** a replaced file keeps its mode and its owner.

use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::Builder;

use crate::publish::error::PublishError;

const UNFINISHED: &str = ".unfinished-";

/// The lock of a local file. The operating system releases it if the program ends.
pub(super) struct Lock {
    file: PathBuf,
    _held: File,
}

/// Returns the path with a suffix after the name of the file.
pub(super) fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Reads a file of at most `max_bytes`. Returns `None` if it does not exist or is larger.
pub(super) fn read(path: &Path, max_bytes: u64) -> Result<Option<Vec<u8>>, PublishError> {
    let read = || {
        if !fs::metadata(path)?.is_file() {
            return Err(io::Error::new(ErrorKind::InvalidInput, "expected a regular file"));
        }
        let mut bytes = Vec::new();
        File::open(path)?.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    match read() {
        Ok(bytes) => Ok(Some(bytes).filter(|bytes| bytes.len() as u64 <= max_bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(PublishError::io(path)(error)),
    }
}

impl Lock {
    /// Waits for the lock of a file, and removes what a killed program has left in its folder.
    pub(super) fn acquire(file: &Path) -> Result<Self, PublishError> {
        // If the path is a symbolic link, the target of the link is replaced, and not the link.
        let path = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
        let lock = with_suffix(file, ".lock");
        let held = File::options().create(true).truncate(false).write(true).open(&lock);
        let held = held.and_then(|held| held.lock().map(|()| held)).map_err(PublishError::io(&lock))?;
        for path in [&path, &with_suffix(file, ".state")] {
            remove_unfinished(path).map_err(PublishError::io(path))?;
        }
        Ok(Self { file: path, _held: held })
    }

    /// Replaces the file atomically. After a crash or a power failure, it has either its old or its new content.
    pub(super) fn replace(&self, bytes: &[u8]) -> Result<(), PublishError> {
        replace(&self.file, bytes)
    }

    /// Replaces the state of the file in the same way.
    pub(super) fn replace_state(&self, state: &Path, bytes: &[u8]) -> Result<(), PublishError> {
        replace(state, bytes)
    }
}

/// Replaces a file atomically.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), PublishError> {
    let write = || {
        let before = fs::metadata(path).ok();
        let mut builder = Builder::new();
        let prefix = unfinished_prefix(path);
        builder.prefix(&prefix);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
        let mut file = builder.tempfile_in(folder(path))?;
        file.write_all(bytes)?;
        if let Some(before) = before {
            keep_mode_and_owner(file.as_file(), &before)?;
        }
        file.as_file().sync_all()?;
        file.persist(path)?;
        #[cfg(unix)]
        File::open(folder(path))?.sync_all()?;
        Ok(())
    };
    write().map_err(PublishError::io(path))
}

#[cfg(unix)]
fn keep_mode_and_owner(file: &File, before: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};

    let now = file.metadata()?;
    if (now.uid(), now.gid()) != (before.uid(), before.gid()) {
        fchown(file, Some(before.uid()), Some(before.gid())).map_err(|error| {
            let why = format!("cannot keep its owner ({error}): run as its owner, or remove the file once");
            io::Error::new(error.kind(), why)
        })?;
    }
    file.set_permissions(before.permissions())
}

#[cfg(not(unix))]
fn keep_mode_and_owner(file: &File, before: &Metadata) -> io::Result<()> {
    file.set_permissions(before.permissions())
}

fn remove_unfinished(path: &Path) -> io::Result<()> {
    let prefix = unfinished_prefix(path);
    for entry in fs::read_dir(folder(path))? {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().starts_with(prefix.as_encoded_bytes()) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Returns the first part of the names of the temporary files of a file.
fn unfinished_prefix(path: &Path) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    prefix.push(UNFINISHED);
    prefix
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
