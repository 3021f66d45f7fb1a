//! The lock that lets only one flagctl process write to a git folder, and the repair of a reference whose lock a killed
//! process left.
//!
//! The lock is an advisory file lock (`flagctl/lock` in the git folder), which the operating system releases when the
//! process ends for any reason. Before flagctl takes git's lock of a reference, it writes the reference and its new
//! commit to the note `flagctl/moving`. A process that acquires the lock and finds such a note knows that the process
//! that wrote it was killed, and removes the lock of the reference.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use git2::Oid;

use crate::commit::attempt::AttemptError;
use crate::commit::error::CommitError;
use crate::commit::workspace::Workspace;

/// The maximum time for which git holds the lock of a reference. Git only writes one line while it holds the lock.
const GIT_LOCK_DURATION: Duration = Duration::from_millis(200);

/// The name of the note that a branch is about to move, in flagctl's folder.
pub(super) const NOTE: &str = "moving";

/// A lock that excludes other flagctl processes until it is dropped.
pub(super) struct RepositoryLock {
    _file: File,
    note: PathBuf,
}

/// The note that a branch is about to move. Dropping this value removes the note.
pub(super) struct MoveNote {
    path: PathBuf,
}

impl Drop for MoveNote {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Returns flagctl's own folder in the git folder. Files that a killed process leaves in it have no effect on other
/// programs.
pub(super) fn flagctl_folder(workspace: &Workspace) -> PathBuf {
    workspace.repository.path().join("flagctl")
}

impl RepositoryLock {
    /// Acquires the lock, and removes the stale lock of a reference if a killed process left one.
    ///
    /// # Errors
    /// Returns [`AttemptError::Occupied`] if another process has the lock.
    pub(super) fn acquire(workspace: &Workspace) -> Result<Self, AttemptError> {
        let folder = flagctl_folder(workspace);
        fs::create_dir_all(&folder).map_err(CommitError::io(&folder))?;
        let path = folder.join("lock");
        let opened = File::options().create(true).truncate(false).write(true).open(&path);
        let file = opened.map_err(CommitError::io(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(AttemptError::Occupied),
            Err(TryLockError::Error(error)) => return Err(CommitError::io(path)(error).into()),
        }
        let lock = Self { _file: file, note: folder.join(NOTE) };
        lock.remove_stale_reference_lock(workspace)?;
        Ok(lock)
    }

    /// Writes a note that a reference is about to move to a commit.
    pub(super) fn note_move(&self, reference: &str, id: Oid) -> Result<MoveNote, CommitError> {
        fs::write(&self.note, format!("{reference}\n{id}\n")).map_err(CommitError::io(&self.note))?;
        Ok(MoveNote { path: self.note.clone() })
    }

    /// Removes the lock of a reference that a killed flagctl process left, and removes its note.
    fn remove_stale_reference_lock(&self, workspace: &Workspace) -> Result<(), CommitError> {
        let Some(note) = read_text(&self.note)? else { return Ok(()) };
        // A process writes the complete note before it locks a reference, so an incomplete note needs no repair.
        if let Some((reference, id)) = note.trim_end().split_once('\n') {
            let lock = workspace.repository.commondir().join(format!("{reference}.lock"));
            let is_ours = |text: String| text.is_empty() || text.trim_end() == id;
            let exists = || read_text(&lock).map(|text| text.is_some_and(is_ours));
            // An empty lock may also belong to a running git process. A lock that still exists after a pause is stale.
            if exists()? {
                thread::sleep(GIT_LOCK_DURATION);
                if exists()? {
                    fs::remove_file(&lock).map_err(CommitError::io(&lock))?;
                }
            }
        }
        fs::remove_file(&self.note).map_err(CommitError::io(&self.note))
    }
}

/// Reads a file in the git folder. Returns `None` if the file does not exist or is not text.
pub(super) fn read_text(path: &Path) -> Result<Option<String>, CommitError> {
    #[allow(clippy::disallowed_methods, reason = "not a definition")]
    match fs::read(path) {
        Ok(bytes) => Ok(String::from_utf8(bytes).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CommitError::io(path)(error)),
    }
}
