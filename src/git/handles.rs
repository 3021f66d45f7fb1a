//! A pool of libgit2 handles to one git repository.
//!
//! A `git2::Repository` can move between threads, but threads cannot share it. A reader therefore takes an idle handle
//! out of the pool, or opens a new handle if all are in use, and returns it afterwards. Threads can read objects in
//! parallel, and the number of handles never exceeds the number of threads that read at the same time.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use git2::{ObjectType, RepositoryOpenFlags};

/// The priority of the objects in memory. The stores on disk have the priorities 1 and 2.
const MEMORY_PRIORITY: i32 = 1_000;

/// The idle handles to one repository.
pub(super) struct HandlePool {
    git_folder: PathBuf,
    /// Objects that the repository does not have, and that each handle can read.
    memory_objects: Vec<(ObjectType, Vec<u8>)>,
    idle: Mutex<Vec<git2::Repository>>,
}

impl HandlePool {
    /// Creates a pool with a first handle.
    pub(super) fn new(handle: git2::Repository) -> Self {
        Self { git_folder: handle.path().to_owned(), memory_objects: Vec::new(), idle: Mutex::new(vec![handle]) }
    }

    /// Creates a pool for the same repository, whose handles can also read these objects.
    pub(super) fn with_objects(&self, memory_objects: Vec<(ObjectType, Vec<u8>)>) -> Self {
        Self { git_folder: self.git_folder.clone(), memory_objects, idle: Mutex::new(Vec::new()) }
    }

    /// Calls `work` with a handle that no other thread uses during the call.
    ///
    /// # Errors
    /// Returns the error of `work`, or of libgit2 if the repository cannot be opened again.
    pub(super) fn with<T, E: From<git2::Error>>(
        &self,
        work: impl FnOnce(&git2::Repository) -> Result<T, E>,
    ) -> Result<T, E> {
        let idle = lock(&self.idle).pop();
        let handle = idle.map_or_else(|| self.open(), Ok)?;
        let result = work(&handle);
        lock(&self.idle).push(handle);
        result
    }

    fn open(&self) -> Result<git2::Repository, git2::Error> {
        let handle = open(&self.git_folder)?;
        if !self.memory_objects.is_empty() {
            let odb = handle.odb()?;
            odb.add_new_mempack_backend(MEMORY_PRIORITY)?;
            handle.set_odb(&odb)?;
            for (kind, data) in &self.memory_objects {
                odb.write(*kind, data)?;
            }
        }
        Ok(handle)
    }
}

/// Opens the repository at or above a folder as the `git` program does: it respects environment variables such as
/// `GIT_DIR`, and, in a hook, the variables that contain the path of the pushed objects.
pub(super) fn open(start: &Path) -> Result<git2::Repository, git2::Error> {
    git2::Repository::open_ext(start, RepositoryOpenFlags::FROM_ENV, &[] as &[&Path])
}

/// Locks a mutex, even if another thread panicked while it held the lock. This is safe, because threads insert only
/// complete handles and cache entries, so a panic cannot leave a partly written value.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
