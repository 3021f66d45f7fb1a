//! Lists, finds and reads the files of a commit, from git's objects.
//!
//! Links are followed inside the repository, with the rules of [`tree`](crate::tree).

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use git2::Oid;
use rayon::prelude::*;

use crate::git::error::GitError;
use crate::git::revision::Revision;
use crate::git::tree_entries::{Entry, EntryKind, Tree};
use crate::snapshot::{FILE_LIMIT, Fault, File, is_yaml};
use crate::tree;
use crate::tree::{
    FileTree, FolderFault, Found, MAX_ENTRIES, MAX_LEVELS, Subfolders, TreeEntry, TreeError, WalkedFolder, join_path,
};

impl FileTree for Revision {
    type Folder = Oid;
    type File = Oid;
    type Link = Oid;
    type Error = GitError;

    fn root(&self) -> Oid {
        self.tree
    }

    fn entry(&self, folder: &Oid, name: &str) -> Result<Option<TreeEntry<Self>>, GitError> {
        let entry = self.repository.trees.entry(*folder, name);
        Ok(entry.map_err(|error| self.explain_missing_object(error))?.map(tree_entry))
    }

    fn subfolders(&self, folder: &Oid) -> Result<Subfolders<Self>, GitError> {
        let tree = self.tree(*folder)?;
        let entries = tree.iter().filter(|(_, entry)| entry.kind != EntryKind::File);
        let entries = entries.map(|(name, entry)| (name.clone(), tree_entry(*entry))).collect();
        Ok(Subfolders { entries, examined: tree.len() })
    }

    fn target(&self, link: &Oid) -> Result<Vec<u8>, GitError> {
        let target = self.repository.handles.with(|handle| Ok(handle.find_blob(*link)?.content().to_vec()));
        target.map_err(|error| self.explain_missing_object(error))
    }

    fn display(&self, path: &str) -> String {
        format!("{}:{path}", self.name())
    }
}

fn tree_entry(entry: Entry) -> TreeEntry<Revision> {
    match entry.kind {
        EntryKind::Folder => TreeEntry::Folder(entry.id),
        EntryKind::File => TreeEntry::File(entry.id),
        EntryKind::Link => TreeEntry::Link(entry.id),
        EntryKind::Submodule => TreeEntry::Other(Fault::Submodule),
    }
}

impl Revision {
    /// Returns the paths of the YAML files below a folder, sorted. The list is empty if the folder does not exist.
    ///
    /// Files whose name ends in `.yml` are included, and so are links that cannot be followed. Names that begin with a
    /// dot are skipped.
    ///
    /// # Errors
    /// Returns [`GitError`] if a folder cannot be read completely.
    pub fn list(&self, folder: &str) -> Result<Vec<String>, GitError> {
        let files = self.files(folder, |_| true)?;
        let mut paths: Vec<String> = files.into_iter().map(|(path, _)| path).collect();
        paths.sort_unstable();
        Ok(paths)
    }

    /// Returns the paths that [`Revision::list`] returns, in any order, with the ids of their blobs. The result has
    /// only the paths whose blob is wanted, and the paths that cannot be read, which have no blob.
    pub(super) fn files(
        &self,
        folder: &str,
        is_wanted: impl Fn(Oid) -> bool + Sync,
    ) -> Result<Vec<(String, Option<Oid>)>, GitError> {
        let folders = self.folders_below(folder)?;
        let files = folders.par_iter().map(|folder| self.files_in_folder(folder, &is_wanted));
        Ok(files.collect::<Result<Vec<_>, _>>()?.concat())
    }

    fn files_in_folder(
        &self,
        folder: &WalkedFolder<Self>,
        is_wanted: impl Fn(Oid) -> bool,
    ) -> Result<Vec<(String, Option<Oid>)>, GitError> {
        let tree = self.tree(folder.folder)?;
        let prefix = self.prefix();
        let folder = folder.path.strip_prefix(&prefix).unwrap_or(&folder.path);
        let mut found = Vec::new();
        for (name, entry) in tree.iter().filter(|(name, _)| !name.starts_with('.') && is_yaml(name)) {
            let path = || join_path(folder, name);
            if name.contains(char::REPLACEMENT_CHARACTER) {
                return Err(self.folder_error(&path(), FolderFault::Name));
            }
            let blob = match entry.kind {
                EntryKind::File => Some(entry.id),
                EntryKind::Link => match self.at(&path())? {
                    Found::File(id, _) => Some(id),
                    Found::Folder(..) => continue,
                    Found::Nothing | Found::Unreadable(_) => None,
                },
                EntryKind::Submodule => None,
                EntryKind::Folder => continue,
            };
            if blob.is_none_or(&is_wanted) {
                found.push((path(), blob));
            }
        }
        Ok(found)
    }

    /// Returns the ids of the trees of some folders and of the folders below them.
    pub(super) fn folder_trees(&self, folders: &[&str]) -> Result<BTreeSet<Oid>, GitError> {
        let found = folders.iter().map(|folder| self.folders_below(folder)).collect::<Result<Vec<_>, _>>()?;
        Ok(found.iter().flatten().map(|walked| walked.folder).collect())
    }

    /// Returns a folder and the folders below it.
    fn folders_below(&self, folder: &str) -> Result<Vec<WalkedFolder<Self>>, GitError> {
        tree::folders_below(self, &(self.prefix() + folder))
    }

    /// Returns the path of the file `name` in a folder or, if it has none, in the nearest folders below it.
    ///
    /// The search reads only the trees of the levels that it searches. It searches linked folders last.
    ///
    /// # Errors
    /// Returns [`GitError`] if a folder cannot be read.
    pub fn search(&self, folder: &str, name: &str) -> Result<Option<String>, GitError> {
        let Some(id) = self.folder(folder)? else { return Ok(None) };
        let trees = &self.repository.trees;
        let mut level = vec![(folder.to_owned(), id)];
        let (mut searched, mut has_links) = (Vec::new(), false);
        for _ in 0..=MAX_LEVELS {
            let mut next_level = Vec::new();
            for (folder, id) in level {
                let path = join_path(&folder, name);
                let found = trees.entry_and_subfolders(id, name);
                let found = found.map_err(|error| self.explain_missing_object(error))?;
                let is_file = match found.entry.map(|entry| entry.kind) {
                    Some(EntryKind::File | EntryKind::Submodule) => true,
                    Some(EntryKind::Link) => matches!(self.at(&path)?, Found::File(..) | Found::Unreadable(_)),
                    Some(EntryKind::Folder) | None => false,
                };
                if is_file {
                    return Ok(Some(path));
                }
                has_links |= found.has_links;
                if found.entry.is_none() && found.subfolders.is_empty() && !found.has_links {
                    trees.cache_absence([id], name);
                }
                next_level.extend(found.subfolders.into_iter().map(|(name, id)| (join_path(&folder, &name), id)));
                searched.push(id);
                if searched.len() + next_level.len() > MAX_ENTRIES {
                    return Err(self.folder_error(&folder, FolderFault::TooLarge));
                }
            }
            next_level.sort_unstable();
            level = next_level;
            if level.is_empty() {
                break;
            }
        }
        if let Some((path, _)) = level.first() {
            return Err(self.folder_error(path, FolderFault::TooDeep));
        }
        if has_links {
            // The target of a link may have the name. Its absence is not cached, because the target may differ in
            // another commit with the same trees.
            return Ok(self
                .paths_of(folder, name)?
                .into_iter()
                .min_by_key(|path| (path.matches('/').count(), path.clone())));
        }
        trees.cache_absence(searched, name);
        Ok(None)
    }

    /// Returns the paths of all files with a name in a folder and below it.
    ///
    /// # Errors
    /// Returns [`GitError`] if a folder cannot be read.
    pub fn files_named(&self, folder: &str, name: &str) -> Result<Vec<String>, GitError> {
        let Some(id) = self.folder(folder)? else { return Ok(Vec::new()) };
        let paths = self.repository.trees.paths_of(id, name, &(self.prefix() + folder));
        let paths = paths.map_err(|error| self.explain_missing_object(error))?;
        if paths.has_links {
            return self.paths_of(folder, name);
        }
        Ok(paths.paths.iter().map(|path| join_path(folder, path)).collect())
    }

    /// Returns the paths of all files with a name in a folder and below it, also in linked folders.
    fn paths_of(&self, folder: &str, name: &str) -> Result<Vec<String>, GitError> {
        let mut paths = self.list(folder)?;
        paths.retain(|path| path.rsplit('/').next() == Some(name));
        Ok(paths)
    }

    /// Reads a file. Returns `None` if it does not exist. The text of a file above [`FILE_LIMIT`] is not read.
    ///
    /// # Errors
    /// Returns [`GitError`] if the file exists and cannot be read.
    pub fn read(&self, path: &str) -> Result<Option<File>, GitError> {
        let (id, real_path) = match self.at(path)? {
            Found::File(id, real_path) => (id, real_path),
            Found::Nothing | Found::Folder(..) => return Ok(None),
            Found::Unreadable(fault) => return Ok(Some(File::unreadable(path.to_owned(), fault))),
        };
        let file = self.repository.handles.with(|handle| {
            // libgit2 cannot read a part of an object, and reading only the size takes as long as reading the object.
            let blob = handle.find_blob(id)?;
            let size = blob.size() as u64;
            if size > FILE_LIMIT {
                return Ok(File::unreadable(path.to_owned(), Fault::TooLarge(size)));
            }
            Ok(File::new(path.to_owned(), blob.content().to_vec()))
        });
        let file = file.map_err(|error| self.explain_missing_object(error))?;
        Ok(Some(file.reached_at(&self.prefix(), &real_path)))
    }

    /// Returns the id of a file's blob, which differs if and only if the bytes differ, or `None` if the path is not a
    /// file.
    ///
    /// # Errors
    /// Returns [`GitError`] if a folder of the path cannot be read.
    pub fn blob_id(&self, path: &str) -> Result<Option<String>, GitError> {
        let entry = self.find_entry(path)?.filter(|entry| entry.kind == EntryKind::File);
        Ok(entry.map(|entry| entry.id.to_string()))
    }

    /// Returns whether a path is a file, or a link to one.
    ///
    /// # Errors
    /// Returns [`GitError`] if a folder of the path cannot be read.
    pub fn has_file(&self, path: &str) -> Result<bool, GitError> {
        Ok(self.find_entry(path)?.is_some_and(|entry| entry.kind == EntryKind::File))
    }

    /// Returns the YAML files at and below a path.
    ///
    /// # Errors
    /// Returns [`GitError`] if a folder cannot be read.
    pub fn yaml_files_at(&self, path: &str) -> Result<Vec<String>, GitError> {
        match self.at(path)? {
            Found::Nothing => Ok(Vec::new()),
            Found::File(..) | Found::Unreadable(_) if is_yaml(path) => Ok(vec![path.to_owned()]),
            Found::File(..) => Ok(Vec::new()),
            Found::Folder(..) | Found::Unreadable(_) => self.list(path),
        }
    }

    /// Returns the folders, at most `max_depth` levels below git's root, that contain a file with a name. The nearest
    /// folders come first. Paths are relative to git's root, and the path of the root is empty.
    ///
    /// # Errors
    /// Returns [`GitError`] if a folder cannot be read.
    pub fn folders_with_file(&self, name: &str, max_depth: usize) -> Result<Vec<String>, GitError> {
        let mut found = Vec::new();
        let mut unread = VecDeque::from([(String::new(), self.tree, 0)]);
        let mut examined = 0;
        while let Some((folder, id, depth)) = unread.pop_front() {
            let tree = self.tree(id)?;
            examined += tree.len() + 1;
            if examined > MAX_ENTRIES {
                break;
            }
            if tree.get(name).is_some_and(|entry| entry.kind == EntryKind::File) {
                found.push(folder.clone());
            }
            if depth < max_depth {
                unread.extend(subfolders(&folder, &tree).map(|(path, id)| (path, id, depth + 1)));
            }
        }
        Ok(found)
    }

    /// Returns the file or folder at a path, and follows links. Returns `None` if there is none, or if it cannot be
    /// read.
    pub(super) fn find_entry(&self, path: &str) -> Result<Option<Entry>, GitError> {
        Ok(match self.at(path)? {
            Found::Folder(id, _) => Some(Entry { kind: EntryKind::Folder, id }),
            Found::File(id, _) => Some(Entry { kind: EntryKind::File, id }),
            Found::Nothing | Found::Unreadable(_) => None,
        })
    }

    /// Returns what is at a path.
    pub(super) fn at(&self, path: &str) -> Result<Found<Self>, GitError> {
        tree::find(self, &(self.prefix() + path))
    }

    /// Returns the tree of a folder, or `None` if the path is not a folder.
    fn folder(&self, path: &str) -> Result<Option<Oid>, GitError> {
        match self.at(path)? {
            Found::Folder(id, _) => Ok(Some(id)),
            Found::Nothing | Found::File(..) => Ok(None),
            Found::Unreadable(fault) => Err(self.folder_error(path, FolderFault::Entry { fault })),
        }
    }

    pub(super) fn folder_error(&self, path: &str, fault: FolderFault) -> GitError {
        TreeError { path: self.display(&(self.prefix() + path)), fault }.into()
    }
}

/// Returns the paths and trees of the folders in a folder. Folders that begin with a dot are skipped.
fn subfolders(folder: &str, tree: &Arc<Tree>) -> impl Iterator<Item = (String, Oid)> {
    let folders = tree.iter().filter(|(name, entry)| entry.kind == EntryKind::Folder && !name.starts_with('.'));
    folders.map(move |(name, entry)| (join_path(folder, name), entry.id))
}
