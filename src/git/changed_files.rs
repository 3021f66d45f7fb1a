//! The paths of files that differ between a revision and another state, found without reading the files.
//!
//! Two commits are compared by the ids of their trees and blobs, so equal folders are skipped. The working tree is
//! compared with git's index, so a file is read only if its size or time differs from the index.

use std::collections::BTreeSet;
use std::sync::Arc;

use git2::{Delta, DiffOptions, Oid, Status, StatusOptions};

use crate::git::error::GitError;
use crate::git::revision::Revision;
use crate::git::sparse;
use crate::git::tree_entries::{Entry, EntryKind, Tree};
use crate::snapshot::is_yaml;
use crate::tree::{FolderFault, Found, MAX_ENTRIES, MAX_LEVELS, join_path};

impl Revision {
    /// Returns the paths of YAML files, at or below some paths, that differ between this revision and another one, or
    /// that only one of them has.
    ///
    /// # Errors
    /// Returns [`GitError`] if a folder cannot be read, or if a folder of the other revision cannot be read completely.
    pub fn changed_yaml_files(&self, other: &Self, paths: &[&str]) -> Result<BTreeSet<String>, GitError> {
        let mut changed = BTreeSet::new();
        for path in paths {
            self.compare(other, path, &mut changed)?;
        }
        Ok(changed)
    }

    /// Returns the paths, at or below some paths, that differ between this revision and the working tree, and those of
    /// all links. The comparison includes files that git ignores. A path may be a YAML file, a link, or another file.
    ///
    /// # Errors
    /// Returns [`GitError`] if a folder or the index cannot be read.
    pub fn changed_paths_in_worktree(&self, paths: &[&str]) -> Result<BTreeSet<String>, GitError> {
        let prefix = self.prefix();
        // Both tasks read from disk and are independent of each other, so they run in parallel.
        let (staged, committed) = rayon::join(
            || self.repository.handles.with(|handle| StagedFiles::read(handle, &prefix, paths)),
            || self.committed_files(&prefix, paths),
        );
        let (StagedFiles { files, mut changed }, mut committed) = (staged?, committed?);
        // The target of a link may have changed.
        let is_link = |entry: &Entry| entry.kind == EntryKind::Link;
        changed.extend(committed.iter().filter(|(_, entry)| is_link(entry)).map(|(path, _)| path.clone()));
        for (path, id) in files {
            let path = String::from_utf8_lossy(&path);
            if committed.remove(&*path).is_none_or(|entry| entry.id != id) {
                changed.push(path.into_owned());
            }
        }
        changed.extend(committed.into_keys());
        let changed = changed.iter().filter_map(|path| {
            let path = path.strip_prefix(&prefix)?;
            let is_hidden = path.split('/').any(|name| name.starts_with('.'));
            let is_wanted = paths.iter().any(|wanted| is_at_or_below(path, wanted)) && !is_hidden;
            is_wanted.then(|| path.to_owned())
        });
        Ok(changed.collect())
    }

    /// Returns the paths of files in the working tree, at or below some paths, that differ from their version at
    /// `HEAD`. New files are included. The paths are relative to git's root. A bare repository has no such files.
    ///
    /// # Errors
    /// Returns [`GitError`] if the working tree cannot be compared.
    pub fn uncommitted_files(&self, paths: &[&str]) -> Result<Vec<String>, GitError> {
        self.repository.handles.with(|handle| {
            if handle.is_bare() {
                return Ok(Vec::new());
            }
            let mut options = StatusOptions::new();
            options.include_untracked(true).recurse_untracked_dirs(true).disable_pathspec_match(true);
            for path in paths {
                options.pathspec(format!("{}{path}", self.prefix()));
            }
            let top_folder = handle.workdir().unwrap_or_else(|| handle.path());
            let index = handle.index().map_err(|error| sparse::explain_index(top_folder, error))?;
            let omitted: BTreeSet<Vec<u8>> = index.iter().filter(sparse::is_omitted).map(|entry| entry.path).collect();
            let statuses = handle.statuses(Some(&mut options))?;
            // A file that a sparse checkout omits is not deleted.
            let is_changed = |entry: &git2::StatusEntry<'_>| {
                entry.status() != Status::WT_DELETED || !omitted.contains(entry.path_bytes())
            };
            let changed = statuses.iter().filter(is_changed);
            let changed = changed.map(|entry| String::from_utf8_lossy(entry.path_bytes()).into_owned());
            let present = omitted.iter().filter(|path| sparse::is_present(top_folder, path));
            let present = present.map(|path| String::from_utf8_lossy(path).into_owned()).filter(|path| {
                let inside = path.strip_prefix(&self.prefix());
                inside.is_some_and(|inside| paths.iter().any(|wanted| is_at_or_below(inside, wanted)))
            });
            Ok(changed.chain(present).collect())
        })
    }

    /// Compares both revisions at and below a path, and adds the paths of YAML files that differ. In equal folders, it
    /// examines only links, because the targets of links may differ.
    fn compare(&self, other: &Self, path: &str, changed: &mut BTreeSet<String>) -> Result<(), GitError> {
        let mut unread = vec![(path.to_owned(), self.find_entry(path)?, other.find_entry(path)?, 0)];
        let mut examined = 0;
        while let Some((path, old, new, level)) = unread.pop() {
            let id_of = |entry: Option<Entry>, kind| entry.filter(|entry| entry.kind == kind).map(|entry| entry.id);
            if id_of(old, EntryKind::File) != id_of(new, EntryKind::File) && is_yaml(&path) {
                changed.insert(path.clone());
            }
            let (old_id, new_id) = (id_of(old, EntryKind::Folder), id_of(new, EntryKind::Folder));
            if level > MAX_LEVELS && (old_id, new_id) != (None, None) {
                return Err(other.folder_error(&path, FolderFault::TooDeep));
            }
            let (old_tree, new_tree) = (self.tree_or_empty(old_id)?, other.tree_or_empty(new_id)?);
            examined += old_tree.len() + new_tree.len() + 1;
            if examined > MAX_ENTRIES {
                return Err(other.folder_error(&path, FolderFault::TooLarge));
            }
            for name in old_tree.keys().chain(new_tree.keys().filter(|name| !old_tree.contains_key(*name))) {
                let (old, new) = (old_tree.get(name).copied(), new_tree.get(name).copied());
                let is = |entry: Option<Entry>, kind| entry.is_some_and(|entry| entry.kind == kind);
                let is_equal_file = old_id == new_id && is(old, EntryKind::File);
                if name.starts_with('.') || is_equal_file {
                    continue;
                }
                let path = join_path(&path, name);
                let is_followed = |entry| is(entry, EntryKind::Link) || is(entry, EntryKind::Submodule);
                let (mut old, mut new) = (old, new);
                if is_followed(old) || is_followed(new) {
                    // A link that cannot be followed before the change does not prevent its repair.
                    let both = [old, new].map(|entry| entry.is_some());
                    old = if is_followed(old) { self.find_entry(&path)? } else { old };
                    new = if is_followed(new) { other.followed(&path)? } else { new };
                    // A file that cannot be read counts as changed.
                    if [old, new].map(|entry| entry.is_some()) != both && is_yaml(&path) {
                        changed.insert(path.clone());
                    }
                }
                unread.push((path, old, new, level + 1));
            }
        }
        Ok(())
    }

    /// Returns the file or folder that a link leads to, or `None` if the link has the name of a file and cannot be
    /// followed.
    fn followed(&self, path: &str) -> Result<Option<Entry>, GitError> {
        match self.at(path)? {
            Found::Unreadable(fault) if !is_yaml(path) => Err(self.folder_error(path, FolderFault::Entry { fault })),
            Found::Folder(id, _) => Ok(Some(Entry { kind: EntryKind::Folder, id })),
            Found::File(id, _) => Ok(Some(Entry { kind: EntryKind::File, id })),
            Found::Nothing | Found::Unreadable(_) => Ok(None),
        }
    }

    /// Checks that the folders that differ from another revision, or from an empty folder, have at most [`MAX_ENTRIES`]
    /// entries. A few objects can be a tree of billions of files.
    ///
    /// # Errors
    /// Returns [`GitError::Folder`] if there are more, or another error if a folder cannot be read.
    pub(super) fn check_difference(&self, before: Option<&Self>) -> Result<(), GitError> {
        let mut unread = vec![(before.map(|before| before.tree), Some(self.tree))];
        let mut examined = 0;
        while let Some((old, new)) = unread.pop() {
            let (old, new) = (self.tree_or_empty(old)?, self.tree_or_empty(new)?);
            examined += old.len() + new.len() + 1;
            if examined > MAX_ENTRIES {
                return Err(self.folder_error("", FolderFault::TooLarge));
            }
            let folder = |tree: &Tree, name: &String| {
                tree.get(name).filter(|entry| entry.kind == EntryKind::Folder).map(|entry| entry.id)
            };
            let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name)));
            unread.extend(names.map(|name| (folder(&old, name), folder(&new, name))).filter(|(old, new)| old != new));
        }
        Ok(())
    }

    fn tree_or_empty(&self, id: Option<Oid>) -> Result<Arc<Tree>, GitError> {
        id.map_or_else(|| Ok(Arc::default()), |id| self.tree(id))
    }

    /// Returns the files and links at and below some paths, by their paths relative to git's root.
    fn committed_files(&self, prefix: &str, paths: &[&str]) -> Result<CommittedFiles, GitError> {
        let (mut found, mut unread) = (CommittedFiles::default(), Vec::new());
        for path in paths {
            unread.extend(self.find_entry(path)?.map(|entry| (format!("{prefix}{path}"), entry)));
        }
        while let Some((path, entry)) = unread.pop() {
            if path.split('/').count() > MAX_LEVELS * 2 {
                return Err(self.folder_error(&path, FolderFault::TooDeep));
            }
            if found.len() + unread.len() > MAX_ENTRIES {
                return Err(self.folder_error(&path, FolderFault::TooLarge));
            }
            match entry.kind {
                EntryKind::Folder => {
                    let tree = self.tree(entry.id)?;
                    unread.extend(tree.iter().map(|(name, entry)| (join_path(&path, name), *entry)));
                }
                EntryKind::File | EntryKind::Link => drop(found.insert(path, entry)),
                EntryKind::Submodule => {}
            }
        }
        Ok(found)
    }
}

/// Files and links, by their paths relative to git's root.
#[allow(clippy::disallowed_types, reason = "its order reaches no result: changed paths are collected in a sorted set")]
type CommittedFiles = std::collections::HashMap<String, Entry, foldhash::fast::FixedState>;

/// The files in git's index. Paths are relative to git's root.
struct StagedFiles {
    /// The path and blob of every file in the index.
    files: Vec<(Vec<u8>, Oid)>,
    /// The paths of files that differ between the index and the working tree, at and below the requested paths.
    changed: Vec<String>,
}

impl StagedFiles {
    fn read(handle: &git2::Repository, prefix: &str, paths: &[&str]) -> Result<Self, GitError> {
        let mut options = DiffOptions::new();
        // flagctl also reads definitions that git ignores.
        options.include_untracked(true).recurse_untracked_dirs(true);
        options.include_ignored(true).recurse_ignored_dirs(true);
        options.include_typechange(true).disable_pathspec_match(true).skip_binary_check(true);
        for path in paths {
            options.pathspec(format!("{prefix}{path}"));
        }
        let top_folder = handle.workdir().unwrap_or_else(|| handle.path());
        let index = handle.index().map_err(|error| sparse::explain_index(top_folder, error))?;
        let (mut files, mut omitted) = (Vec::with_capacity(index.len()), BTreeSet::new());
        for entry in index.iter() {
            if sparse::is_omitted(&entry) {
                omitted.insert(entry.path.clone());
            }
            files.push((entry.path, entry.id));
        }
        let diff = handle.diff_index_to_workdir(Some(&index), Some(&mut options))?;
        // A file that a sparse checkout omits is not deleted.
        let is_omitted = |delta: &git2::DiffDelta<'_>| {
            delta.status() == Delta::Deleted && delta.old_file().path_bytes().is_some_and(|path| omitted.contains(path))
        };
        let deltas = diff.deltas().filter(|delta| !is_omitted(delta));
        let changed = deltas.flat_map(|delta| [delta.old_file().path(), delta.new_file().path()]);
        let changed = changed.flatten().map(|path| path.to_string_lossy().replace('\\', "/"));
        let present = omitted.iter().filter(|path| sparse::is_present(top_folder, path));
        let changed = changed.chain(present.map(|path| String::from_utf8_lossy(path).into_owned())).collect();
        Ok(Self { files, changed })
    }
}

/// Returns whether a path is another path, or is below it.
fn is_at_or_below(path: &str, ancestor: &str) -> bool {
    path.strip_prefix(ancestor).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
