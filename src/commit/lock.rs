//! One flagctl at a time in a git folder, and what the last one may have left there.
//!
//! The lock is advisory and ends with its process, however that ends. So whoever has it knows that what another
//! flagctl has noted, and not taken back, is what a killed one has left.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use git2::Oid;

use crate::commit::CommitError;
use crate::commit::branch::Workspace;
use crate::commit::retry::AttemptError;

/// How long git may hold the lock of a reference: it writes one line.
const MOMENT: Duration = Duration::from_millis(200);

/// Keeps other flagctls out until it is dropped.
pub(super) struct RepositoryLock {
    _lock: File,
    note: PathBuf,
}

/// A note that a branch is being moved; it is taken back when dropped.
pub(super) struct Moving {
    note: PathBuf,
}

impl Drop for Moving {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.note);
    }
}

/// A folder in the git folder, where what a kill leaves is in nobody's way.
pub(super) fn folder(site: &Workspace) -> PathBuf {
    site.repository.path().join("flagctl")
}

impl RepositoryLock {
    pub(super) fn enter(site: &Workspace) -> Result<Self, AttemptError> {
        let folder = folder(site);
        fs::create_dir_all(&folder).map_err(CommitError::io(&folder))?;
        let path = folder.join("lock");
        let opened = File::options().create(true).truncate(false).write(true).open(&path);
        let lock = opened.map_err(CommitError::io(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(AttemptError::Occupied),
            Err(TryLockError::Error(error)) => return Err(CommitError::io(path)(error).into()),
        }
        let alone = Self { _lock: lock, note: folder.join("moving") };
        alone.clear(site)?;
        Ok(alone)
    }

    /// Notes which branch is about to move where.
    pub(super) fn moving(&self, reference: &str, id: Oid) -> Result<Moving, CommitError> {
        fs::write(&self.note, format!("{reference}\n{id}\n")).map_err(CommitError::io(&self.note))?;
        Ok(Moving { note: self.note.clone() })
    }

    /// Removes the lock of a reference that a killed flagctl has left.
    fn clear(&self, site: &Workspace) -> Result<(), CommitError> {
        let Some(note) = read(&self.note)? else { return Ok(()) };
        // A note that was cut short was written before anything was locked.
        if let Some((reference, id)) = note.trim_end().split_once('\n') {
            let lock = site.repository.commondir().join(format!("{reference}.lock"));
            let left = || read(&lock).map(|text| text.is_some_and(|text| text.is_empty() || text.trim_end() == id));
            // Empty locks look alike. One that is still there after a moment is nobody's who lives.
            if left()? {
                thread::sleep(MOMENT);
                if left()? {
                    fs::remove_file(&lock).map_err(CommitError::io(&lock))?;
                }
            }
        }
        fs::remove_file(&self.note).map_err(CommitError::io(&self.note))
    }
}

/// A file of git's or of flagctl's own, if it is there and text.
pub(super) fn read(path: &Path) -> Result<Option<String>, CommitError> {
    #[allow(clippy::disallowed_methods, reason = "not a definition")]
    match fs::read(path) {
        Ok(bytes) => Ok(String::from_utf8(bytes).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CommitError::io(path)(error)),
    }
}
