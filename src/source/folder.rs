//! A flag repository in a folder on disk, in its current state.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::git;
use crate::snapshot::{Fault, File, PROJECT_FILE, is_yaml};
use crate::source::error::SourceError;
use crate::source::working_tree::{Stored, WorkingTree};
use crate::tree;
use crate::tree::{FolderFault, Found, MAX_LEVELS, TreeEntry, TreeError, join_path};

/// The number of levels below git's root in which the search looks for a flag repository.
pub(super) const MAX_DEPTH: usize = 3;

/// A folder with a [`PROJECT_FILE`].
#[derive(Clone)]
pub struct Folder {
    root: PathBuf,
    files: WorkingTree,
    /// Texts that replace those of files on disk, by path.
    unsaved: BTreeMap<String, String>,
}

impl Folder {
    /// Finds the flag repository of a folder: the nearest folder with a [`PROJECT_FILE`] at or above it or, if there is
    /// none, the only such folder that git tracks near its root. A command therefore finds the same flag repository at
    /// git's root and inside the flag repository.
    ///
    /// # Errors
    /// Returns [`SourceError::NoProject`] if there is none, [`SourceError::SeveralProjects`] if there are several, and
    /// [`SourceError::Missing`] if `start` does not exist.
    pub fn find(start: &Path) -> Result<Self, SourceError> {
        if let Some(found) = Self::find_at_or_above(start)? {
            return Ok(found);
        }
        let top = WorkingTree::open(&canonical(start)?)?.top_folder().to_owned();
        let below = match top.join(".git").symlink_metadata() {
            Ok(_) => git::tracked_folders_with_file(&top, PROJECT_FILE, MAX_DEPTH)?,
            Err(_) => BTreeSet::new(),
        };
        let below: Vec<String> = below.into_iter().collect();
        match below.as_slice() {
            [] => Err(SourceError::NoProject(start.to_owned())),
            [only] => {
                let found = Self::find_at_or_above(&top.join(only))?;
                found.ok_or_else(|| SourceError::NoProject(start.to_owned()))
            }
            several => Err(SourceError::SeveralProjects { start: start.to_owned(), folders: quoted_folders(several) }),
        }
    }

    /// Finds the nearest folder with a [`PROJECT_FILE`] at or above a folder.
    ///
    /// # Errors
    /// Returns [`SourceError::Missing`] if `start` does not exist, and another error if a folder cannot be read.
    pub fn find_at_or_above(start: &Path) -> Result<Option<Self>, SourceError> {
        let absolute = canonical(start)?;
        let on_disk = |folder: &&Path| fs::symlink_metadata(folder.join(PROJECT_FILE)).is_ok_and(|file| !file.is_dir());
        if let Some(root) = absolute.ancestors().find(on_disk) {
            return Ok(Some(Self { root: root.to_owned(), files: WorkingTree::open(root)?, unsaved: BTreeMap::new() }));
        }
        // A sparse checkout may omit the file.
        for root in absolute.ancestors() {
            let files = WorkingTree::open(root)?;
            if files.has_file(&format!("{}{PROJECT_FILE}", files.prefix))? {
                return Ok(Some(Self { root: root.to_owned(), files, unsaved: BTreeMap::new() }));
            }
            if files.prefix.is_empty() {
                break;
            }
        }
        Ok(None)
    }

    /// Returns the folder with other texts for some of its files, which are read instead of those on disk. Nothing is
    /// written.
    #[must_use]
    pub fn with_unsaved(self, unsaved: BTreeMap<String, String>) -> Self {
        Self { unsaved, ..self }
    }

    /// Returns the absolute path of the folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the prefix that makes a path relative to the root of the git repository: empty, or the path of this folder
    /// with a `/` at its end. It is empty outside of git.
    pub fn prefix(&self) -> &str {
        &self.files.prefix
    }

    /// Returns the paths of the YAML files below a folder, sorted. The list is empty if the folder does not exist. See
    /// [`Source::list`](crate::source::Source::list).
    ///
    /// # Errors
    /// Returns [`SourceError`] if a folder cannot be listed completely.
    pub fn list(&self, folder: &str) -> Result<Vec<String>, SourceError> {
        let mut found = Vec::new();
        for folder in tree::folders_below(&self.files, &self.inside(folder))? {
            for (name, entry) in self.files.entries(&folder.folder)? {
                if name.starts_with('.') || !is_yaml(&name) {
                    continue;
                }
                let path = join_path(&folder.path, &name);
                if name.contains(char::REPLACEMENT_CHARACTER) {
                    return Err(TreeError { path: self.outside(&path).to_owned(), fault: FolderFault::Name }.into());
                }
                let is_file = match entry {
                    TreeEntry::File(_) | TreeEntry::Other(_) => true,
                    TreeEntry::Folder(_) => false,
                    TreeEntry::Link(_) => !matches!(tree::find(&self.files, &path)?, Found::Folder(..)),
                };
                if is_file {
                    found.push(self.outside(&path).to_owned());
                }
            }
        }
        // A new file of an editor is not on disk.
        let is_inside = |path: &&String| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        found.extend(self.unsaved.keys().filter(|path| is_yaml(path)).filter(is_inside).cloned());
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// Returns the path of the file `name` in a folder or, if it has none, in the nearest folders below it.
    ///
    /// The search checks whether each folder contains the name, and lists a folder only to continue below it. A search
    /// for one flag among ten thousand therefore does not read the names of the others. It searches linked folders
    /// last.
    ///
    /// # Errors
    /// Returns [`SourceError`] if a folder cannot be listed completely.
    pub fn search(&self, folder: &str, name: &str) -> Result<Option<String>, SourceError> {
        let is_unsaved = |path: &&String| {
            let below = path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
            below.is_some_and(|below| below.rsplit('/').next() == Some(name))
        };
        if let Some(path) = self.unsaved.keys().find(is_unsaved) {
            return Ok(Some(path.clone()));
        }
        let mut level = match tree::find(&self.files, &self.inside(folder))? {
            Found::Folder(real_path, _) => vec![(folder.to_owned(), real_path)],
            Found::Nothing | Found::File(..) => return Ok(None),
            Found::Unreadable(fault) => {
                return Err(TreeError { path: folder.to_owned(), fault: FolderFault::Entry { fault } }.into());
            }
        };
        let mut has_links = false;
        for _ in 0..=MAX_LEVELS {
            for (folder, real_path) in &level {
                let path = join_path(folder, name);
                let is_file = match tree::FileTree::entry(&self.files, real_path, name)? {
                    Some(TreeEntry::File(_) | TreeEntry::Other(_)) => true,
                    Some(TreeEntry::Folder(_)) | None => false,
                    Some(TreeEntry::Link(_)) => {
                        !matches!(tree::find(&self.files, &self.inside(&path))?, Found::Folder(..))
                    }
                };
                if is_file {
                    return Ok(Some(path));
                }
            }
            let mut next_level = Vec::new();
            for (folder, real_path) in &level {
                for (name, entry) in tree::FileTree::subfolders(&self.files, real_path)?.entries {
                    match entry {
                        _ if name.starts_with('.') => {}
                        TreeEntry::Folder(real_path) => next_level.push((join_path(folder, &name), real_path)),
                        TreeEntry::Link(_) | TreeEntry::Other(_) => has_links = true,
                        TreeEntry::File(_) => {}
                    }
                }
            }
            next_level.sort_unstable();
            level = next_level;
            if level.is_empty() {
                break;
            }
        }
        if level.is_empty() && !has_links {
            return Ok(None);
        }
        // A linked folder may contain the name. The list also reports what is wrong with a folder.
        let mut paths = self.list(folder)?;
        paths.retain(|path| path.rsplit('/').next() == Some(name));
        Ok(paths.into_iter().min_by_key(|path| (path.matches('/').count(), path.clone())))
    }

    /// Reads a file. Returns `None` if it does not exist. A file that cannot be followed, such as a link out of the
    /// repository, has a fault instead of its text.
    ///
    /// # Errors
    /// Returns [`SourceError::Io`] if the file exists and cannot be read.
    pub fn read(&self, path: &str) -> Result<Option<File>, SourceError> {
        if let Some(text) = self.unsaved.get(path) {
            return Ok(Some(File::new(path.to_owned(), text.clone().into_bytes())));
        }
        if let Some(file) = self.files.read_in_known_folder(path)? {
            return Ok(Some(file));
        }
        match tree::find(&self.files, &self.inside(path))? {
            Found::File(file, real_path) => {
                self.files.note_folder(path, &real_path);
                Ok(Some(self.files.read(path, &file)?.reached_at(&self.files.prefix, &real_path)))
            }
            Found::Nothing | Found::Folder(..) => Ok(None),
            Found::Unreadable(fault) => Ok(Some(File::unreadable(path.to_owned(), fault))),
        }
    }

    /// Returns the YAML files at and below a path.
    ///
    /// # Errors
    /// Returns [`SourceError`] if a folder cannot be listed completely.
    pub(super) fn yaml_files_at(&self, path: &str) -> Result<Vec<String>, SourceError> {
        match tree::find(&self.files, &self.inside(path))? {
            Found::Nothing => Ok(Vec::new()),
            Found::File(..) | Found::Unreadable(_) if is_yaml(path) => Ok(vec![path.to_owned()]),
            Found::File(..) => Ok(Vec::new()),
            Found::Folder(..) | Found::Unreadable(_) => self.list(path),
        }
    }

    /// Replaces the text of a file. If the path is a link, the target of the link gets the text, and the link remains.
    /// A reader sees either the old or the new text, and the file keeps its permissions.
    ///
    /// # Errors
    /// Returns [`SourceError`] if the path is not a file of the repository, or if it cannot be written.
    pub fn write(&self, path: &str, text: &str) -> Result<(), SourceError> {
        let fault = match tree::find(&self.files, &self.inside(path))? {
            Found::File(Stored::OnDisk(real_path), _) => return self.files.replace(&real_path, text.as_bytes()),
            Found::File(Stored::InIndex(_), _) => Fault::Sparse,
            Found::Nothing | Found::Folder(..) => Fault::Dangling,
            Found::Unreadable(fault) => fault,
        };
        Err(TreeError { path: path.to_owned(), fault: FolderFault::Entry { fault } }.into())
    }

    fn inside(&self, path: &str) -> String {
        format!("{}{path}", self.files.prefix)
    }

    fn outside<'p>(&self, path: &'p str) -> &'p str {
        path.strip_prefix(&self.files.prefix).unwrap_or(path)
    }
}

/// Returns the absolute path of a folder, without links.
fn canonical(folder: &Path) -> Result<PathBuf, SourceError> {
    fs::canonicalize(folder).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => SourceError::Missing(folder.to_owned()),
        _ => SourceError::Io { path: folder.to_owned(), error },
    })
}

/// Joins the paths of folders for a message.
pub(super) fn quoted_folders(folders: &[String]) -> String {
    let names = folders.iter().map(|folder| match folder.as_str() {
        "" => "the root".to_owned(),
        folder => format!("`{folder}`"),
    });
    names.collect::<Vec<_>>().join(", ")
}

impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Folder({})", self.root.display())
    }
}
