//! The files of a commit, read from git's objects.
//!
//! A [`Revision`] is a commit and a folder in it; all paths are relative to that folder. It returns the same files as a
//! checkout of the commit, but does not apply git's filters and line endings. It follows symbolic links to files within
//! the repository.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use git2::{ErrorClass, ErrorCode, Oid};
use rayon::prelude::*;

use crate::git::error::GitError;
use crate::git::repository::Repository;
use crate::git::rev_parse;
use crate::git::rev_parse::RevisionSpec;
use crate::git::tree_entries::{Entry, EntryKind, Tree, join_path};
use crate::snapshot::{FILE_LIMIT, Fault, File, is_yaml};

/// The maximum number of links in a path. A path with more links counts as a cycle. Operating systems have the same
/// limit.
const MAX_LINKS: usize = 40;

/// A folder of a git repository at a commit.
#[derive(Clone)]
pub struct Revision {
    pub(super) repository: Arc<Repository>,
    name: String,
    pub(super) commit: Oid,
    pub(super) tree: Oid,
    /// The first parent, or `None` if the commit has no parent, or if a shallow clone does not contain it.
    pub(super) first_parent: Option<Oid>,
    /// The path of the folder, relative to git's root; empty at the root.
    pub(super) folder: String,
}

impl Revision {
    /// Finds a commit; the folder is git's root.
    ///
    /// # Errors
    /// Returns [`GitError`] if the revision does not exist or is not a commit.
    pub fn find(repository: &Arc<Repository>, spec: &RevisionSpec) -> Result<Self, GitError> {
        repository.handles.with(|handle| {
            let (commit, name) = rev_parse::resolve(handle, spec)?;
            Ok(Self::new(Arc::clone(repository), name, &handle.find_commit(commit)?))
        })
    }

    /// Creates a revision of a commit; the folder is git's root.
    pub(super) fn new(repository: Arc<Repository>, name: String, commit: &git2::Commit<'_>) -> Self {
        let first_parent = commit.parent_ids().next();
        Self { repository, name, commit: commit.id(), first_parent, tree: commit.tree_id(), folder: String::new() }
    }

    /// Returns the same commit with another folder, whose path is relative to git's root.
    #[must_use]
    pub fn in_folder(self, folder: String) -> Self {
        Self { folder, ..self }
    }

    /// Returns the name of the revision as the user wrote it. For the state at a time, it returns the abbreviated id of
    /// the commit. Git accepts this name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the full id of the commit.
    pub fn commit(&self) -> String {
        self.commit.to_string()
    }

    /// Returns the full id of the commit's tree. Two commits have the same files if and only if their ids are equal.
    pub fn tree_id(&self) -> String {
        self.tree.to_string()
    }

    /// Returns whether both commits have the same files in the complete git repository.
    pub fn has_same_files(&self, other: &Self) -> bool {
        self.tree == other.tree
    }

    /// Returns the committer's time, in seconds since 1970.
    ///
    /// # Errors
    /// Returns [`GitError`] if the commit cannot be read.
    pub fn seconds(&self) -> Result<i64, GitError> {
        self.repository.handles.with(|handle| Ok(handle.find_commit(self.commit)?.time().seconds()))
    }

    /// Returns the path of the folder in the working tree, or `None` in a bare repository.
    pub fn worktree_folder(&self) -> Option<PathBuf> {
        let workdir = self.repository.workdir()?;
        Some(if self.folder.is_empty() { workdir.to_owned() } else { workdir.join(&self.folder) })
    }

    /// Returns the prefix that makes a path relative to git's root: empty, or the folder's path with a `/` at its end.
    pub fn prefix(&self) -> String {
        if self.folder.is_empty() { String::new() } else { format!("{}/", self.folder) }
    }

    /// Returns the paths of the YAML files below a folder, sorted. The list is empty if the folder does not exist.
    ///
    /// Files whose name ends in `.yml` are included. Links to folders are not followed, and names that begin with a dot
    /// are skipped.
    ///
    /// # Errors
    /// Returns [`GitError`] if a folder cannot be read, or if the target of a link does not exist.
    pub fn list(&self, folder: &str) -> Result<Vec<String>, GitError> {
        let files = self.files(folder, |_| true)?;
        let mut paths: Vec<String> = files.into_iter().map(|(path, _)| path).collect();
        paths.sort_unstable();
        Ok(paths)
    }

    /// Returns the paths that [`Revision::list`] returns, in any order, with the ids of their blobs. The result has
    /// only the paths whose blob is wanted.
    pub(super) fn files(
        &self,
        folder: &str,
        is_wanted: impl Fn(Oid) -> bool + Sync,
    ) -> Result<Vec<(String, Oid)>, GitError> {
        let folders = self.folders_below(folder)?;
        let files = folders.par_iter().map(|(folder, _, tree)| self.files_in_tree(folder, tree, &is_wanted));
        Ok(files.collect::<Result<Vec<_>, _>>()?.concat())
    }

    fn files_in_tree(
        &self,
        folder: &str,
        tree: &Tree,
        is_wanted: impl Fn(Oid) -> bool,
    ) -> Result<Vec<(String, Oid)>, GitError> {
        let mut found = Vec::new();
        for (name, entry) in tree.iter().filter(|(name, _)| !name.starts_with('.') && is_yaml(name)) {
            let path = || format!("{folder}/{name}");
            let blob = match entry.kind {
                EntryKind::File => Some(entry.id),
                EntryKind::Link => match self.find_entry(&path())? {
                    Some(Entry { kind: EntryKind::File, id }) => Some(id),
                    Some(_) => None,
                    // A dangling link is an error, because skipping it would silently drop a flag.
                    None => {
                        let path = self.prefix() + &path();
                        return Err(GitError::DanglingLink { rev: self.name.clone(), path });
                    }
                },
                EntryKind::Folder | EntryKind::Submodule => None,
            };
            found.extend(blob.filter(|id| is_wanted(*id)).map(|id| (path(), id)));
        }
        Ok(found)
    }

    /// Returns the ids of the trees of some folders and of the folders below them.
    pub(super) fn folder_trees(&self, folders: &[&str]) -> Result<BTreeSet<Oid>, GitError> {
        let found = folders.iter().map(|folder| self.folders_below(folder)).collect::<Result<Vec<_>, _>>()?;
        Ok(found.iter().flatten().map(|(_, id, _)| *id).collect())
    }

    /// Returns a folder and the folders below it, with their trees. Folders that begin with a dot are skipped.
    fn folders_below(&self, folder: &str) -> Result<Vec<(String, Oid, Arc<Tree>)>, GitError> {
        let Some(Entry { kind: EntryKind::Folder, id }) = self.find_entry(folder)? else { return Ok(Vec::new()) };
        let (mut found, mut unread) = (Vec::new(), vec![(folder.to_owned(), id)]);
        while let Some((folder, id)) = unread.pop() {
            let tree = self.tree(id)?;
            unread.extend(subfolders(&folder, &tree));
            found.push((folder, id, tree));
        }
        Ok(found)
    }

    /// Returns the path of the file `name` in a folder or, if it has none, in the nearest folders below it.
    ///
    /// The search reads only the trees of the levels that it searches.
    ///
    /// # Errors
    /// Returns [`GitError`] if a folder cannot be read.
    pub fn search(&self, folder: &str, name: &str) -> Result<Option<String>, GitError> {
        let Some(Entry { kind: EntryKind::Folder, id }) = self.find_entry(folder)? else { return Ok(None) };
        let trees = &self.repository.trees;
        let mut level = vec![(folder.to_owned(), id)];
        let (mut searched, mut has_links) = (Vec::new(), false);
        while !level.is_empty() {
            let mut next_level = Vec::new();
            for (folder, id) in level {
                let path = format!("{folder}/{name}");
                let found = trees.entry_and_subfolders(id, name);
                let (entry, subfolders) = found.map_err(|error| self.explain_missing_object(error))?;
                let is_file = match entry.map(|entry| entry.kind) {
                    Some(EntryKind::File) => true,
                    Some(EntryKind::Link) => self.has_file(&path)?,
                    Some(EntryKind::Folder | EntryKind::Submodule) | None => false,
                };
                if is_file {
                    return Ok(Some(path));
                }
                if entry.is_none() && subfolders.is_empty() {
                    trees.cache_absence([id], name);
                }
                has_links |= entry.is_some_and(|entry| entry.kind == EntryKind::Link);
                next_level.extend(subfolders.into_iter().map(|(name, id)| (join_path(&folder, &name), id)));
                searched.push(id);
            }
            next_level.sort_unstable();
            level = next_level;
        }
        // The absence is not cached if a link has this name, because its target may exist in another commit with the
        // same trees.
        if !has_links {
            trees.cache_absence(searched, name);
        }
        Ok(None)
    }

    /// Returns the paths of all files with a name in a folder and below it.
    ///
    /// # Errors
    /// Returns [`GitError`] if a folder cannot be read.
    pub fn files_named(&self, folder: &str, name: &str) -> Result<Vec<String>, GitError> {
        let Some(Entry { kind: EntryKind::Folder, id }) = self.find_entry(folder)? else { return Ok(Vec::new()) };
        let paths = self.repository.trees.paths_of(id, name).map_err(|error| self.explain_missing_object(error))?;
        Ok(paths.iter().map(|path| join_path(folder, path)).collect())
    }

    /// Reads a file. Returns `None` if it does not exist. The text of a file above [`FILE_LIMIT`] is not read.
    ///
    /// # Errors
    /// Returns [`GitError`] if the file exists and cannot be read.
    pub fn read(&self, path: &str) -> Result<Option<File>, GitError> {
        let Some(Entry { kind: EntryKind::File, id }) = self.find_entry(path)? else { return Ok(None) };
        let file = self.repository.handles.with(|handle| {
            // libgit2 cannot read a part of an object, and reading only the size takes as long as reading the object.
            let blob = handle.find_blob(id)?;
            let size = blob.size() as u64;
            if size > FILE_LIMIT {
                let fault = Some(Fault::TooLarge(size));
                return Ok(File { path: path.to_owned(), text: String::new(), fault });
            }
            Ok(File::new(path.to_owned(), blob.content().to_vec()))
        });
        file.map(Some).map_err(|error| self.explain_missing_object(error))
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

    /// Returns the folders, at most `max_depth` levels below git's root, that contain a file with a name. The nearest
    /// folders come first. Paths are relative to git's root, and the path of the root is empty.
    ///
    /// # Errors
    /// Returns [`GitError`] if a folder cannot be read.
    pub fn folders_with_file(&self, name: &str, max_depth: usize) -> Result<Vec<String>, GitError> {
        let mut found = Vec::new();
        let mut unread = VecDeque::from([(String::new(), self.tree, 0)]);
        while let Some((folder, id, depth)) = unread.pop_front() {
            let tree = self.tree(id)?;
            if tree.get(name).is_some_and(|entry| entry.kind == EntryKind::File) {
                found.push(folder.clone());
            }
            if depth < max_depth {
                unread.extend(subfolders(&folder, &tree).map(|(path, id)| (path, id, depth + 1)));
            }
        }
        Ok(found)
    }

    /// Returns the file, folder or submodule at a path, and follows links. Returns `None` if the path does not exist,
    /// or if a link leads out of the repository.
    pub(super) fn find_entry(&self, path: &str) -> Result<Option<Entry>, GitError> {
        // The parts are in reverse order, because `pop` removes the last element.
        let reversed_parts = |path: &str| path.split('/').rev().map(str::to_owned).collect::<Vec<_>>();
        let mut remaining = reversed_parts(path);
        remaining.extend(reversed_parts(&self.folder));
        let mut folders = vec![self.tree];
        let mut links = 0;
        while let (Some(part), Some(folder)) = (remaining.pop(), folders.last().copied()) {
            if matches!(part.as_str(), "" | ".") {
                continue;
            }
            if part == ".." {
                folders.pop();
                continue;
            }
            let entry = self.repository.trees.entry(folder, &part);
            let Some(entry) = entry.map_err(|error| self.explain_missing_object(error))? else { return Ok(None) };
            match entry.kind {
                EntryKind::Folder => folders.push(entry.id),
                EntryKind::File if remaining.is_empty() => return Ok(Some(entry)),
                EntryKind::Link if links < MAX_LINKS => {
                    links += 1;
                    let handles = &self.repository.handles;
                    let target = handles.with(|handle| Ok(handle.find_blob(entry.id)?.content().to_vec()));
                    let target = target.map_err(|error| self.explain_missing_object(error))?;
                    match str::from_utf8(&target) {
                        Ok(target) if !target.starts_with('/') => remaining.extend(reversed_parts(target)),
                        // An absolute path leads out of the repository.
                        _ => return Ok(None),
                    }
                }
                EntryKind::File | EntryKind::Link | EntryKind::Submodule => return Ok(None),
            }
        }
        Ok(folders.last().map(|id| Entry { kind: EntryKind::Folder, id: *id }))
    }

    /// Returns all entries of a tree.
    pub(super) fn tree(&self, id: Oid) -> Result<Arc<Tree>, GitError> {
        self.repository.trees.tree(id).map_err(|error| self.explain_missing_object(error))
    }

    /// Replaces the error of a missing object if the repository is a partial clone, which normally lacks objects.
    pub(super) fn explain_missing_object(&self, error: GitError) -> GitError {
        match error {
            GitError::Other(error)
                if (error.class(), error.code()) == (ErrorClass::Odb, ErrorCode::NotFound)
                    && self.repository.is_partial_clone() =>
            {
                GitError::Partial { rev: self.name.clone() }
            }
            error => error,
        }
    }
}

/// Returns the paths and trees of the folders in a folder. Folders that begin with a dot are skipped.
fn subfolders(folder: &str, tree: &Tree) -> impl Iterator<Item = (String, Oid)> {
    let folders = tree.iter().filter(|(name, entry)| entry.kind == EntryKind::Folder && !name.starts_with('.'));
    folders.map(move |(name, entry)| (join_path(folder, name), entry.id))
}

impl fmt::Debug for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Revision({}:{})", self.name, self.folder)
    }
}
