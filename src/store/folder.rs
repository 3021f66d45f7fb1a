//! A folder as a target.
//!
//! Files are made elsewhere in the same folder and moved to their names when they are complete. Who replaces a file
//! holds the folder's lock, which the operating system takes back from whoever is killed.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::store::{Lifetime, Object, Put, StoreError, Version};

const LOCK: &str = ".lock";

pub(super) struct Folder {
    root: PathBuf,
}

impl Folder {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub(super) fn get(&self, path: &str) -> Result<Option<Object>, StoreError> {
        let place = self.root.join(path);
        #[allow(clippy::disallowed_methods, reason = "a published object, not a definition")]
        match fs::read(&place) {
            Ok(bytes) => Ok(Some(Object { version: version(&bytes), bytes })),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(StoreError::io(place)(error)),
        }
    }

    pub(super) fn create(&self, path: &str, bytes: &[u8], lifetime: Lifetime) -> Result<Put, StoreError> {
        let place = self.root.join(path);
        let done = complete(&place, bytes, lifetime)
            .and_then(|file| match file.persist_noclobber(&place) {
                Ok(_) => Ok(Put::Done),
                Err(lost) if lost.error.kind() == ErrorKind::AlreadyExists => Ok(Put::Lost),
                Err(failed) => Err(failed.error),
            })
            .map_err(StoreError::io(&place))?;
        settle(&place)?;
        Ok(done)
    }

    pub(super) fn replace(
        &self,
        path: &str,
        old: &Version,
        bytes: &[u8],
        lifetime: Lifetime,
    ) -> Result<Put, StoreError> {
        let place = self.root.join(path);
        let lock = place.with_file_name(LOCK);
        // Closing it lets it go.
        let held = File::options().create(true).truncate(false).write(true).open(&lock);
        let held = held.and_then(|file| file.lock().map(|()| file)).map_err(StoreError::io(lock))?;
        let now = self.get(path)?.map(|object| object.version);
        if now.and_then(|now| now.tag) != old.tag {
            return Ok(Put::Lost);
        }
        complete(&place, bytes, lifetime).and_then(|file| Ok(file.persist(&place)?)).map_err(StoreError::io(&place))?;
        settle(&place)?;
        drop(held);
        Ok(Put::Done)
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

/// A file beside the place, with all its bytes on the disk.
fn complete(place: &Path, bytes: &[u8], lifetime: Lifetime) -> io::Result<NamedTempFile> {
    let folder = place.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut builder = Builder::new();
    builder.prefix(".unfinished-");
    // Others serve the files; the umask still counts. Elsewhere the folder says who may read what is in it.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(match lifetime {
        Lifetime::Immutable => 0o444,
        Lifetime::Current => 0o666,
    }));
    #[cfg(not(unix))]
    let _ = lifetime;
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Makes a new name last, where folders can be asked to.
fn settle(place: &Path) -> Result<(), StoreError> {
    let folder = place.parent().unwrap_or(Path::new("."));
    #[cfg(unix)]
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(StoreError::io(folder))?;
    Ok(())
}

fn version(bytes: &[u8]) -> Version {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    Version { tag: Some(format!("{:016x}-{}", hasher.finish(), bytes.len())), generation: None }
}
