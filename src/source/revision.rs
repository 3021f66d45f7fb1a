//! A flag repository at a commit, read from git's objects.
//!
//! **Invariant:** the same files as a checkout of the commit would have, without its filters and line endings.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use git2::{ErrorClass, ErrorCode, Oid};
use rayon::prelude::*;

use crate::snapshot::{FILE_LIMIT, Fault, File, PROJECT_FILE, is_yaml};
use crate::source::SourceError;
use crate::source::error::GitError;
use crate::source::repository::Repository;
use crate::source::tree_cache::{Entry, Kind, Tree};

/// A path that goes through more links goes in a circle, as operating systems have it.
const LINKS: usize = 40;
/// So far below the root a flag repository is looked for that has moved, or was never checked out, in folders.
const DEPTH: usize = 3;

/// A flag repository as it is at a commit.
#[derive(Clone)]
pub struct Revision {
    pub(super) repository: Arc<Repository>,
    name: String,
    pub(super) commit: Oid,
    pub(super) tree: Oid,
    /// The first; none where the history begins, or where a shallow clone ends.
    pub(super) parent: Option<Oid>,
    /// Where the flag repository is in git's; empty at the root.
    pub(super) folder: String,
}

impl Revision {
    pub(super) fn new(repository: Arc<Repository>, name: String, commit: &git2::Commit<'_>) -> Self {
        let parent = commit.parent_ids().next();
        Self { repository, name, commit: commit.id(), parent, tree: commit.tree_id(), folder: String::new() }
    }

    pub(super) fn below(self, folder: String) -> Self {
        Self { folder, ..self }
    }

    /// As it was written; of a moment, the abbreviated id of the commit. Git knows it by this name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The full id of the commit.
    pub fn commit(&self) -> String {
        self.commit.to_string()
    }

    /// When the commit was made, in seconds since 1970.
    ///
    /// # Errors
    /// [`GitError`] if it cannot be read.
    pub fn seconds(&self) -> Result<i64, GitError> {
        self.repository.with(|handle| Ok(handle.find_commit(self.commit)?.time().seconds()))
    }

    pub(super) fn root(&self) -> Option<PathBuf> {
        let workdir = self.repository.workdir()?;
        Some(if self.folder.is_empty() { workdir.to_owned() } else { workdir.join(&self.folder) })
    }

    /// From git's root to the flag repository: empty, or with a `/` at its end.
    pub fn prefix(&self) -> String {
        if self.folder.is_empty() { String::new() } else { format!("{}/", self.folder) }
    }

    /// As [`Folder::list`](super::Folder::list).
    ///
    /// # Errors
    /// [`SourceError::Git`] if a folder cannot be read, or if a link leads nowhere.
    pub fn list(&self, folder: &str) -> Result<Vec<String>, SourceError> {
        let files = self.files(folder, |_| true)?;
        let mut paths: Vec<String> = files.into_iter().map(|(path, _)| path).collect();
        paths.sort_unstable();
        Ok(paths)
    }

    /// What [`Revision::list`] gives, in any order, with the ids of the blobs; only those that are wanted.
    pub(super) fn files(
        &self,
        folder: &str,
        wanted: impl Fn(Oid) -> bool + Sync,
    ) -> Result<Vec<(String, Oid)>, GitError> {
        let walked = self.walk(folder)?;
        let files = walked.par_iter().map(|(folder, _, tree)| self.files_of(folder, tree, &wanted));
        Ok(files.collect::<Result<Vec<_>, _>>()?.concat())
    }

    fn files_of(
        &self,
        folder: &str,
        tree: &Tree,
        wanted: impl Fn(Oid) -> bool,
    ) -> Result<Vec<(String, Oid)>, GitError> {
        let mut found = Vec::new();
        for (name, entry) in tree.iter().filter(|(name, _)| !name.starts_with('.') && is_yaml(name)) {
            let path = || format!("{folder}/{name}");
            let file = match entry.kind {
                Kind::File => Some(entry.id),
                Kind::Link => match self.find(&path())? {
                    Some(Entry { kind: Kind::File, id }) => Some(id),
                    Some(_) => None,
                    // It would otherwise be a flag that nobody misses.
                    None => {
                        return Err(GitError::DeadLink { rev: self.name.clone(), path: self.prefix() + &path() });
                    }
                },
                Kind::Folder | Kind::Submodule => None,
            };
            found.extend(file.filter(|id| wanted(*id)).map(|id| (path(), id)));
        }
        Ok(found)
    }

    /// The trees of some folders, and of those below them in which definitions are looked for.
    pub(super) fn folders(&self, places: &[&str]) -> Result<BTreeSet<Oid>, GitError> {
        let walked = places.iter().map(|place| self.walk(place)).collect::<Result<Vec<_>, _>>()?;
        Ok(walked.iter().flatten().map(|(_, id, _)| *id).collect())
    }

    /// A folder, and those below it in which definitions are looked for, with their trees.
    fn walk(&self, folder: &str) -> Result<Vec<(String, Oid, Arc<Tree>)>, GitError> {
        let Some(Entry { kind: Kind::Folder, id }) = self.find(folder)? else { return Ok(Vec::new()) };
        let (mut found, mut ahead) = (Vec::new(), vec![(folder.to_owned(), id)]);
        while let Some((folder, id)) = ahead.pop() {
            let tree = self.tree(id)?;
            ahead.extend(folders(&folder, &tree));
            found.push((folder, id, tree));
        }
        Ok(found)
    }

    /// As [`Folder::search`](super::Folder::search); no tree is read but those of the levels gone through.
    ///
    /// # Errors
    /// [`SourceError::Git`] if a folder cannot be read.
    pub fn search(&self, folder: &str, name: &str) -> Result<Option<String>, SourceError> {
        let Some(Entry { kind: Kind::Folder, id }) = self.find(folder)? else { return Ok(None) };
        let mut level = vec![(folder.to_owned(), id)];
        let (mut seen, mut dead) = (Vec::new(), false);
        while !level.is_empty() {
            let mut below = Vec::new();
            for (folder, id) in level {
                let path = format!("{folder}/{name}");
                let (entry, folders) = self.repository.look(id, name).map_err(|error| self.explained(error))?;
                let there = match entry.map(|entry| entry.kind) {
                    Some(Kind::File) => true,
                    Some(Kind::Link) => self.has(&path)?,
                    Some(Kind::Folder | Kind::Submodule) | None => false,
                };
                if there {
                    return Ok(Some(path));
                }
                if entry.is_none() && folders.is_empty() {
                    self.repository.is_nowhere([id], name);
                }
                dead |= entry.is_some_and(|entry| entry.kind == Kind::Link);
                below.extend(folders.into_iter().map(|(name, id)| (join(&folder, &name), id)));
                seen.push(id);
            }
            below.sort_unstable();
            level = below;
        }
        // What a link leads to may come, and these trees stay as they are.
        if !dead {
            self.repository.is_nowhere(seen, name);
        }
        Ok(None)
    }

    /// The files of that name at and below a folder, by path.
    ///
    /// # Errors
    /// [`GitError`] if a folder cannot be read.
    pub fn named(&self, folder: &str, name: &str) -> Result<Vec<String>, GitError> {
        let Some(Entry { kind: Kind::Folder, id }) = self.find(folder)? else { return Ok(Vec::new()) };
        let found = self.repository.named(id, name).map_err(|error| self.explained(error))?;
        Ok(found.iter().map(|path| join(folder, path)).collect())
    }

    /// As [`Folder::read`](super::Folder::read).
    ///
    /// # Errors
    /// [`SourceError::Git`] if it is there and cannot be read.
    pub fn read(&self, path: &str) -> Result<Option<File>, SourceError> {
        let Some(Entry { kind: Kind::File, id }) = self.find(path)? else { return Ok(None) };
        let file = self.repository.with(|handle| {
            // libgit2 reads an object whole or not at all; its size alone would cost as much for each small one.
            let blob = handle.find_blob(id)?;
            let size = blob.size() as u64;
            if size > FILE_LIMIT {
                let fault = Some(Fault::TooLarge(size));
                return Ok(File { path: path.to_owned(), text: String::new(), fault });
            }
            Ok(File::new(path.to_owned(), blob.content().to_vec()))
        });
        file.map(Some).map_err(|error| self.explained(error).into())
    }

    pub(super) fn has(&self, path: &str) -> Result<bool, GitError> {
        Ok(self.find(path)?.is_some_and(|entry| entry.kind == Kind::File))
    }

    /// The folders with a [`PROJECT_FILE`] near git's root, nearest first.
    pub(super) fn projects(&self) -> Result<Vec<String>, GitError> {
        let mut found = Vec::new();
        let mut ahead = VecDeque::from([(String::new(), self.tree, 0)]);
        while let Some((folder, id, depth)) = ahead.pop_front() {
            let tree = self.tree(id)?;
            if tree.get(PROJECT_FILE).is_some_and(|entry| entry.kind == Kind::File) {
                found.push(folder.clone());
            }
            if depth < DEPTH {
                ahead.extend(folders(&folder, &tree).map(|(path, id)| (path, id, depth + 1)));
            }
        }
        Ok(found)
    }

    /// What stands at a path of the flag repository, through links; none if nothing does.
    pub(super) fn find(&self, path: &str) -> Result<Option<Entry>, GitError> {
        let steps = |path: &str| path.split('/').rev().map(str::to_owned).collect::<Vec<_>>();
        let mut ahead = steps(path);
        ahead.extend(steps(&self.folder));
        let mut behind = vec![self.tree];
        let mut links = 0;
        while let (Some(step), Some(here)) = (ahead.pop(), behind.last().copied()) {
            if matches!(step.as_str(), "" | ".") {
                continue;
            }
            if step == ".." {
                behind.pop();
                continue;
            }
            let Some(entry) = self.entry(here, &step)? else { return Ok(None) };
            match entry.kind {
                Kind::Folder => behind.push(entry.id),
                Kind::File if ahead.is_empty() => return Ok(Some(entry)),
                Kind::Link if links < LINKS => {
                    links += 1;
                    let target = self.repository.with(|handle| Ok(handle.find_blob(entry.id)?.content().to_vec()));
                    let target = target.map_err(|error| self.explained(error))?;
                    match str::from_utf8(&target) {
                        Ok(target) if !target.starts_with('/') => ahead.extend(steps(target)),
                        // What lies outside of the repository is not part of the revision.
                        _ => return Ok(None),
                    }
                }
                Kind::File | Kind::Link | Kind::Submodule => return Ok(None),
            }
        }
        Ok(behind.last().map(|id| Entry { kind: Kind::Folder, id: *id }))
    }

    pub(super) fn tree(&self, id: Oid) -> Result<Arc<Tree>, GitError> {
        self.repository.tree(id).map_err(|error| self.explained(error))
    }

    fn entry(&self, tree: Oid, name: &str) -> Result<Option<Entry>, GitError> {
        self.repository.entry(tree, name).map_err(|error| self.explained(error))
    }

    /// An object that is not there was left out of the clone, if it is one from which objects are left out.
    pub(super) fn explained(&self, error: GitError) -> GitError {
        match error {
            GitError::Other(error)
                if (error.class(), error.code()) == (ErrorClass::Odb, ErrorCode::NotFound)
                    && self.repository.is_partial() =>
            {
                GitError::Partial { rev: self.name.clone() }
            }
            error => error,
        }
    }
}

/// The folders in a folder, but those whose names begin with a dot.
fn folders(folder: &str, tree: &Tree) -> impl Iterator<Item = (String, Oid)> {
    let folders = tree.iter().filter(|(name, entry)| entry.kind == Kind::Folder && !name.starts_with('.'));
    folders.map(move |(name, entry)| (join(folder, name), entry.id))
}

/// A path below a folder of git's; the root's name is empty.
pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

impl fmt::Debug for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Revision({}:{})", self.name, self.folder)
    }
}
