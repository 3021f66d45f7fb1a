//! Temporary files and folders, which a later run removes if their process was killed.
//!
//! A process that ends by a signal cannot remove its temporary files. So each temporary file, and a file in each temporary
//! folder, has an advisory lock, which the operating system releases when the process ends for any reason. Whoever makes
//! the next one in the same folder looks for older ones that have no lock, and removes them.
//!
//! **Invariant:** a file or folder is removed only if it has a name of this module, belongs to the same user, and is
//! locked by no process.

use std::fs::{self, File, Metadata, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::{Builder, NamedTempFile, TempDir};

/// The beginning of the names of folders.
const FOLDER_PREFIX: &str = "flagctl-";
/// The beginning of the names of files.
const FILE_PREFIX: &str = ".flagctl-";
/// The file in a temporary folder that has the lock.
const LOCK: &str = "lock";
/// The age of a folder without a lock file from which it counts as abandoned. A process that has just made a folder makes
/// the lock file at once.
const ABANDONED: Duration = Duration::from_secs(3600);
/// The maximum number of attempts. An attempt fails only if another process removes the new file before it is locked.
const ATTEMPTS: usize = 10;

/// A folder in the system's folder for temporary files. Dropping this value removes it.
#[derive(Debug)]
pub struct TemporaryFolder {
    // The lock is released before the folder is removed, because some systems do not remove open files.
    _lock: File,
    folder: TempDir,
}

impl TemporaryFolder {
    /// Makes a folder, and removes the folders of killed processes.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be made.
    pub fn new() -> io::Result<Self> {
        for _ in 0..ATTEMPTS {
            let folder = Builder::new().prefix(FOLDER_PREFIX).tempdir()?;
            let lock = File::create_new(folder.path().join(LOCK))?;
            if take(&lock, &folder.path().join(LOCK))? {
                remove_abandoned_folders(folder.path());
                return Ok(Self { _lock: lock, folder });
            }
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    /// Returns the path of the folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the temporary folder that contains a path, or `None` if the path is in no such folder. The folder may not
    /// exist any more.
    pub fn containing(path: &Path) -> Option<&Path> {
        let is_temporary = |folder: &&Path| {
            folder.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(FOLDER_PREFIX))
        };
        path.ancestors().find(is_temporary)
    }
}

/// Makes a file in a folder, and removes the files of killed processes there. The builder may set the permissions.
///
/// # Errors
/// Returns an error if the file cannot be made.
pub fn file_in(builder: &mut Builder<'_, '_>, folder: &Path) -> io::Result<NamedTempFile> {
    for _ in 0..ATTEMPTS {
        let file = builder.prefix(FILE_PREFIX).tempfile_in(folder)?;
        if take(file.as_file(), file.path())? {
            remove_abandoned_files(file.path());
            return Ok(file);
        }
    }
    Err(io::ErrorKind::ResourceBusy.into())
}

/// Locks a new file. Returns false if another process has removed it before.
fn take(file: &File, path: &Path) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(path.try_exists()?),
        Err(TryLockError::WouldBlock) => Ok(false),
        // Some file systems have no locks. On these, nothing is ever abandoned.
        Err(TryLockError::Error(_)) => Ok(true),
    }
}

/// Returns whether no process has the lock of a file.
fn is_abandoned(path: &Path) -> io::Result<bool> {
    Ok(File::open(path)?.try_lock().is_ok())
}

fn remove_abandoned_folders(own: &Path) {
    for (path, metadata) in others(own, FOLDER_PREFIX).filter(|(_, metadata)| metadata.is_dir()) {
        let is_abandoned = match is_abandoned(&path.join(LOCK)) {
            Ok(is_abandoned) => is_abandoned,
            Err(error) if error.kind() == io::ErrorKind::NotFound => is_old(own, &metadata),
            Err(_) => false,
        };
        if is_abandoned {
            // A failure is ignored here, because a later run tries again.
            let _ = fs::remove_dir_all(path);
        }
    }
}

fn remove_abandoned_files(own: &Path) {
    for (path, _) in others(own, FILE_PREFIX).filter(|(_, metadata)| metadata.is_file()) {
        if is_abandoned(&path).unwrap_or(false) {
            let _ = fs::remove_file(path);
        }
    }
}

/// Returns the files and folders beside `own` whose names have the prefix, and that belong to the same user.
fn others(own: &Path, prefix: &str) -> impl Iterator<Item = (PathBuf, Metadata)> {
    let user = own.symlink_metadata().ok().map(|metadata| owner(&metadata));
    let entries = own.parent().and_then(|folder| fs::read_dir(folder).ok());
    let (own, prefix) = (own.to_owned(), prefix.to_owned());
    entries.into_iter().flatten().flatten().filter_map(move |entry| {
        let path = entry.path();
        let has_prefix = entry.file_name().to_str().is_some_and(|name| name.starts_with(&prefix));
        let metadata = (has_prefix && path != own).then(|| path.symlink_metadata().ok()).flatten()?;
        (Some(owner(&metadata)) == user).then_some((path, metadata))
    })
}

#[cfg(unix)]
fn owner(metadata: &Metadata) -> u32 {
    std::os::unix::fs::MetadataExt::uid(metadata)
}

/// On other systems, each user has an own folder for temporary files.
#[cfg(not(unix))]
fn owner(_: &Metadata) -> u32 {
    0
}

/// Returns whether a folder is much older than a new one.
fn is_old(new: &Path, old: &Metadata) -> bool {
    let times = new.metadata().and_then(|new| Ok((new.modified()?, old.modified()?)));
    times.is_ok_and(|(new, old)| new.duration_since(old).is_ok_and(|age| age > ABANDONED))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::{Duration, UNIX_EPOCH};

    use tempfile::{Builder, TempDir};

    use super::{FILE_PREFIX, file_in, remove_abandoned_folders};

    #[test]
    fn a_file_without_a_lock_is_removed_and_a_locked_file_is_not() {
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        let used = file_in(&mut Builder::new(), folder.path()).unwrap();
        fs::write(path(&format!("{FILE_PREFIX}left")), "").unwrap();
        fs::write(path("other"), "").unwrap();
        fs::create_dir(path(&format!("{FILE_PREFIX}folder"))).unwrap();
        let new = file_in(&mut Builder::new(), folder.path()).unwrap();
        let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.sort();
        let mut expected =
            vec![used.path().to_owned(), new.path().to_owned(), path("other"), path(&format!("{FILE_PREFIX}folder"))];
        expected.sort();
        assert_eq!(names, expected);
    }

    #[test]
    fn a_folder_without_a_lock_is_removed_and_a_new_one_is_not() {
        let folder = TempDir::new().unwrap();
        let make = |name: &str| {
            let path = folder.path().join(name);
            fs::create_dir(&path).unwrap();
            path
        };
        let (own, left, begun, old) =
            (make("flagctl-own"), make("flagctl-left"), make("flagctl-begun"), make("flagctl-old"));
        let (other, held) = (make("other"), make("flagctl-held"));
        fs::write(left.join("lock"), "").unwrap();
        fs::write(left.join("more"), "").unwrap();
        let lock = fs::File::create(held.join("lock")).unwrap();
        lock.lock().unwrap();
        fs::File::open(&old).unwrap().set_modified(UNIX_EPOCH + Duration::from_secs(1)).unwrap();
        remove_abandoned_folders(&own);
        let remaining = [&own, &left, &begun, &old, &other, &held].map(|path| path.exists());
        assert_eq!(remaining, [true, false, true, false, true, true]);
    }
}
