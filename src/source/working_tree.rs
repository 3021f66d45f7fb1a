//! The files of a repository on disk, and the files that a sparse checkout omits.
//!
//! The root is the top of git's working tree, or the folder of the flag repository where there is no git. Links are
//! followed below the root only, with the rules of [`tree`](crate::tree). The files that git omits from a sparse
//! checkout are read from git's index.
//!
//! **Invariant:** every access goes through one handle of the root, and the operating system keeps it below the root.
//! A folder that is replaced by a link while flagctl runs cannot lead out of the root.
//! **Invariant:** reading never waits. A file is opened without waiting for a writer, and its type is checked after it
//! is open.

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt, OpenOptionsSyncExt};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, FileType, Metadata, OpenOptions};

use crate::git;
use crate::git::IndexTree;
use crate::snapshot::{FILE_LIMIT, Fault, File};
use crate::source::error::SourceError;
use crate::tree::{FileTree, Subfolders, TreeEntry, join_path};

/// The id of a file in git's index.
type Blob = <IndexTree as FileTree>::File;

/// A repository on disk. Paths are relative to its root.
#[derive(Clone)]
pub(super) struct WorkingTree {
    root: PathBuf,
    dir: Arc<Dir>,
    /// The path of the flag repository from the root. It is empty, or ends with a `/`.
    pub(super) prefix: String,
    sparse: Arc<OnceLock<Option<IndexTree>>>,
    /// The paths of folders in which files were read, which lead through no link. Another file in such a folder is
    /// opened without looking up the folder again.
    known_folders: Arc<Mutex<BTreeSet<String>>>,
}

/// Whether a path is free for a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathState {
    /// Nothing is at the path.
    Free,
    /// A file, folder or link is at the path.
    Taken,
}

/// A file or link that can be read.
#[derive(Debug, Clone)]
pub(super) enum Stored<T> {
    /// It is on disk at this path.
    OnDisk(String),
    /// A sparse checkout omits it, so it is in git's index.
    InIndex(T),
}

impl WorkingTree {
    /// Opens the repository of an existing folder with an absolute path.
    pub(super) fn open(folder: &Path) -> Result<Self, SourceError> {
        let is_top = |folder: &&Path| folder.join(".git").symlink_metadata().is_ok();
        let root = folder.ancestors().find(is_top).unwrap_or(folder);
        let dir = Dir::open_ambient_dir(root, ambient_authority());
        let dir = dir.map_err(|error| SourceError::Io { path: root.to_owned(), error })?;
        let inside = folder.strip_prefix(root).unwrap_or(Path::new(""));
        let prefix = inside.iter().map(|part| format!("{}/", part.to_string_lossy())).collect();
        Ok(Self {
            root: root.to_owned(),
            dir: Arc::new(dir),
            prefix,
            sparse: Arc::default(),
            known_folders: Arc::default(),
        })
    }

    /// Returns the absolute path of the root.
    pub(super) fn top_folder(&self) -> &Path {
        &self.root
    }

    /// Returns the files that a sparse checkout omits.
    fn sparse(&self) -> Result<Option<&IndexTree>, SourceError> {
        if let Some(known) = self.sparse.get() {
            return Ok(known.as_ref());
        }
        let has_git = self.root.join(".git").symlink_metadata().is_ok();
        let omitted = if has_git { git::omitted_files(&self.root)? } else { None };
        Ok(self.sparse.get_or_init(|| omitted).as_ref())
    }

    /// Returns the entries of a folder.
    pub(super) fn entries(&self, folder: &str) -> Result<Vec<(String, TreeEntry<Self>)>, SourceError> {
        let mut found = Vec::new();
        let listed = self.dir.read_dir(if folder.is_empty() { "." } else { folder });
        match listed {
            Ok(entries) => {
                for entry in entries {
                    let entry = entry.map_err(|error| self.error(folder, error))?;
                    let name = entry.file_name().to_string_lossy().into_owned();
                    let path = join_path(folder, &name);
                    let kind = entry.file_type().map_err(|error| self.error(&path, error))?;
                    found.push((name, tree_entry(kind, path)));
                }
            }
            Err(error) if is_missing(&error) => {}
            Err(error) => return Err(self.error(folder, error)),
        }
        if let Some(sparse) = self.sparse()? {
            let on_disk: BTreeSet<String> = found.iter().map(|(name, _)| name.clone()).collect();
            let omitted = sparse.entries(folder).into_iter().filter(|(name, _)| !on_disk.contains(name));
            found.extend(omitted.map(|(name, entry)| (name, omitted_entry(entry))));
        }
        Ok(found)
    }

    /// Returns whether a file exists, without following links.
    pub(super) fn has_file(&self, path: &str) -> Result<bool, SourceError> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let entry = self.entry(&folder.to_owned(), name)?;
        Ok(entry.is_some_and(|entry| !matches!(entry, TreeEntry::Folder(_))))
    }

    /// Reads a file. `path` is the path that the file gets. The text of a file above [`FILE_LIMIT`] is not read.
    pub(super) fn read(&self, path: &str, file: &Stored<Blob>) -> Result<File, SourceError> {
        let real_path = match file {
            Stored::OnDisk(real_path) => real_path,
            Stored::InIndex(blob) => {
                let sparse = self.sparse()?.map(|sparse| sparse.read(path, *blob)).transpose()?;
                return Ok(sparse.unwrap_or_else(|| File::unreadable(path.to_owned(), Fault::Dangling)));
            }
        };
        let read = || {
            let (file, metadata) = self.open_file(real_path)?;
            if !metadata.is_file() {
                return Ok(File::unreadable(path.to_owned(), Fault::Device));
            }
            read_bytes(path, file, &metadata)
        };
        read().map_err(|error| self.error(real_path, error))
    }

    /// Records the folder of a file that was read, if its path leads through no link.
    pub(super) fn note_folder(&self, path: &str, real_path: &str) {
        if let Some((folder, _)) = path.rsplit_once('/')
            && real_path.strip_prefix(&self.prefix) == Some(path)
        {
            lock(&self.known_folders).insert(folder.to_owned());
        }
    }

    /// Reads a file on disk in a folder that is known to have a path without links. Returns `None` if the folder is not
    /// known, or if the path is not the path of a file on disk.
    pub(super) fn read_in_known_folder(&self, path: &str) -> Result<Option<File>, SourceError> {
        let is_known = path.rsplit_once('/').is_some_and(|(folder, name)| {
            !matches!(name, "" | "." | "..") && lock(&self.known_folders).contains(folder)
        });
        if !is_known {
            return Ok(None);
        }
        let real_path = format!("{}{path}", self.prefix);
        match self.open_file(&real_path) {
            Ok((file, metadata)) if metadata.is_file() => {
                let file = read_bytes(path, file, &metadata);
                Ok(Some(file.map_err(|error| self.error(&real_path, error))?))
            }
            _ => Ok(None),
        }
    }

    /// Replaces the bytes of a file that exists. The file keeps its permissions.
    pub(super) fn replace(&self, path: &str, bytes: &[u8]) -> Result<(), SourceError> {
        let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
        let replace = || {
            let (_, metadata) = self.open_file(path)?;
            // The file with the new bytes is in the same folder, so it can be renamed.
            let folder = self.dir.open_dir(folder)?;
            let prepared = format!(".{name}.{:016x}", fastrand::u64(..));
            let written =
                write_new(&folder, &prepared, bytes, &metadata).and_then(|()| folder.rename(&prepared, &folder, name));
            if written.is_err() {
                // The error that is returned is the one that prevented the write.
                let _ = folder.remove_file(&prepared);
            }
            written
        };
        replace().map_err(|error| self.error(path, error))
    }

    /// Creates a folder, unless it exists. Its parent exists, and its path leads through no link.
    pub(super) fn create_folder(&self, path: &str) -> Result<(), SourceError> {
        match self.dir.create_dir(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(self.error(path, error)),
            _ => Ok(()),
        }
    }

    /// Writes a new file if the path is free. Otherwise writes nothing, also if a link to nothing is there.
    pub(super) fn create(&self, path: &str, bytes: &[u8]) -> Result<PathState, SourceError> {
        let mut options = OpenOptions::new();
        let opened = self.dir.open_with(path, options.write(true).create_new(true).follow(FollowSymlinks::No));
        let mut file = match opened {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(PathState::Taken),
            opened => opened.map_err(|error| self.error(path, error))?,
        };
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|error| self.error(path, error))?;
        Ok(PathState::Free)
    }

    /// Opens a file without following a link and without waiting.
    fn open_file(&self, path: &str) -> io::Result<(cap_std::fs::File, Metadata)> {
        let mut options = OpenOptions::new();
        options.read(true).follow(FollowSymlinks::No).nonblock(true);
        let file = self.dir.open_with(path, &options)?;
        let metadata = file.metadata()?;
        Ok((file, metadata))
    }

    fn error(&self, path: &str, error: io::Error) -> SourceError {
        SourceError::Io { path: self.root.join(path), error }
    }
}

impl FileTree for WorkingTree {
    type Folder = String;
    type File = Stored<Blob>;
    type Link = Stored<Blob>;
    type Error = SourceError;

    fn root(&self) -> String {
        String::new()
    }

    fn entry(&self, folder: &String, name: &str) -> Result<Option<TreeEntry<Self>>, SourceError> {
        let path = join_path(folder, name);
        match self.dir.symlink_metadata(&path) {
            Ok(metadata) => Ok(Some(tree_entry(metadata.file_type(), path))),
            Err(error) if is_missing(&error) => {
                let Some(sparse) = self.sparse()? else { return Ok(None) };
                Ok(sparse.entry(folder, name)?.map(omitted_entry))
            }
            Err(error) => Err(self.error(&path, error)),
        }
    }

    fn subfolders(&self, folder: &String) -> Result<Subfolders<Self>, SourceError> {
        let mut entries = self.entries(folder)?;
        let examined = entries.len();
        entries.retain(|(_, entry)| !matches!(entry, TreeEntry::File(_)));
        Ok(Subfolders { entries, examined })
    }

    fn target(&self, link: &Self::Link) -> Result<Vec<u8>, SourceError> {
        match link {
            Stored::OnDisk(path) => {
                let target = self.dir.read_link_contents(path).map_err(|error| self.error(path, error))?;
                Ok(target.into_os_string().into_encoded_bytes())
            }
            Stored::InIndex(blob) => {
                let target = self.sparse()?.map(|sparse| sparse.target(blob)).transpose()?;
                Ok(target.unwrap_or_default())
            }
        }
    }

    fn display(&self, path: &str) -> String {
        path.strip_prefix(&self.prefix).unwrap_or(path).to_owned()
    }
}

fn tree_entry(kind: FileType, path: String) -> TreeEntry<WorkingTree> {
    if kind.is_dir() {
        TreeEntry::Folder(path)
    } else if kind.is_file() {
        TreeEntry::File(Stored::OnDisk(path))
    } else if kind.is_symlink() {
        TreeEntry::Link(Stored::OnDisk(path))
    } else {
        TreeEntry::Other(Fault::Device)
    }
}

fn omitted_entry(entry: TreeEntry<IndexTree>) -> TreeEntry<WorkingTree> {
    match entry {
        TreeEntry::Folder(folder) => TreeEntry::Folder(folder),
        TreeEntry::File(id) => TreeEntry::File(Stored::InIndex(id)),
        TreeEntry::Link(id) => TreeEntry::Link(Stored::InIndex(id)),
        TreeEntry::Other(fault) => TreeEntry::Other(fault),
    }
}

/// Reads an open file. `path` is the path that the file gets.
fn read_bytes(path: &str, file: cap_std::fs::File, metadata: &Metadata) -> io::Result<File> {
    if metadata.len() > FILE_LIMIT {
        return Ok(File::unreadable(path.to_owned(), Fault::TooLarge(metadata.len())));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    // The file may have grown since its size was read.
    file.take(FILE_LIMIT).read_to_end(&mut bytes)?;
    Ok(File::new(path.to_owned(), bytes))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes a new file with the permissions of another file.
fn write_new(folder: &Dir, name: &str, bytes: &[u8], like: &Metadata) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = folder.open_with(name, options.write(true).create_new(true))?;
    file.set_permissions(like.permissions())?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
