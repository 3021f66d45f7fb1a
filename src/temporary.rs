//! Temporary files and folders, which a later run removes if their process was killed.
//!
//! A process that ends by a signal cannot remove its temporary files. So each temporary file and folder has an advisory
//! lock, which the operating system releases when the process ends for any reason. A process that makes the next one in
//! the same folder looks for others that have no lock, and removes them. On Windows a folder cannot be locked, so folders
//! of killed processes stay there.
//!
//! **Invariant:** a file or folder is removed only if it has a name of this module and belongs to the same user, and only
//! while the process that removes it has its lock.

use std::fs::{self, File, Metadata, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile, TempDir};

/// The beginning of the names of files and folders. A person does not choose such a name.
const PREFIX: &str = ".flagctl-temporary-";
/// The maximum number of attempts. An attempt fails only if another process removes the new file before it is locked.
const ATTEMPTS: usize = 10;

/// A folder in the system's folder for temporary files. Dropping this value removes it.
#[derive(Debug)]
pub struct TemporaryFolder {
    folder: TempDir,
    // The fields are dropped in this order: the folder is locked until it is removed.
    _lock: Option<File>,
}

impl TemporaryFolder {
    /// Makes a folder, and removes the folders of killed processes.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be made.
    pub fn new() -> io::Result<Self> {
        for _ in 0..ATTEMPTS {
            let folder = Builder::new().prefix(PREFIX).tempdir()?;
            let lock = match File::open(folder.path()) {
                Ok(lock) if take(&lock, folder.path())? => Some(lock),
                // Another process has removed the folder, or is about to do so.
                Ok(_) => continue,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(_) => None,
            };
            remove_abandoned_folders(folder.path());
            return Ok(Self { folder, _lock: lock });
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
            folder.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(PREFIX))
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
        let file = builder.prefix(PREFIX).tempfile_in(folder)?;
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

/// Locks a file or folder that no other process has locked. Returns `None` if one has, or if it cannot be locked.
fn lock_abandoned(path: &Path) -> Option<File> {
    let file = File::open(path).ok()?;
    file.try_lock().is_ok().then_some(file)
}

fn remove_abandoned_folders(own: &Path) {
    for (path, _) in others(own, PREFIX).filter(|(_, metadata)| metadata.is_dir()) {
        if let Some(_lock) = lock_abandoned(&path) {
            // A failure is ignored here, because a later run tries again.
            let _ = fs::remove_dir_all(path);
        }
    }
}

fn remove_abandoned_files(own: &Path) {
    for (path, _) in others(own, PREFIX).filter(|(_, metadata)| metadata.is_file()) {
        if let Some(_lock) = lock_abandoned(&path) {
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

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::{Builder, TempDir};

    use super::{PREFIX, file_in, remove_abandoned_folders};

    #[test]
    fn a_file_without_a_lock_is_removed_and_a_locked_file_is_not() {
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        let used = file_in(&mut Builder::new(), folder.path()).unwrap();
        fs::write(path(&format!("{PREFIX}left")), "").unwrap();
        fs::write(path("other"), "").unwrap();
        fs::create_dir(path(&format!("{PREFIX}folder"))).unwrap();
        let new = file_in(&mut Builder::new(), folder.path()).unwrap();
        let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.sort();
        let mut expected =
            vec![used.path().to_owned(), new.path().to_owned(), path("other"), path(&format!("{PREFIX}folder"))];
        expected.sort();
        assert_eq!(names, expected);
    }

    #[test]
    fn a_folder_without_a_lock_is_removed_and_every_other_one_is_not() {
        let folder = TempDir::new().unwrap();
        let make = |name: &str| {
            let path = folder.path().join(name);
            fs::create_dir(&path).unwrap();
            fs::write(path.join("content"), "").unwrap();
            path
        };
        let [own, left, held] = ["own", "left", "held"].map(|name| make(&format!("{PREFIX}{name}")));
        let named_by_a_person = [make("flagctl-notes"), make(".flagctl-notes"), make("other")];
        let lock = fs::File::open(&held).unwrap();
        lock.lock().unwrap();
        remove_abandoned_folders(&own);
        assert_eq!([&own, &left, &held].map(|path| path.exists()), [true, false, true]);
        assert!(named_by_a_person.iter().all(|path| path.join("content").exists()));
    }
}
