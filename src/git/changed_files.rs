//! The paths of files that differ between a revision and another state, found without reading the files.
//!
//! Two commits are compared by the ids of their trees and blobs, so equal folders are skipped. The working tree is
//! compared with git's index, so a file is read only if its size or time differs from the index.

use std::collections::BTreeSet;
use std::sync::Arc;

use git2::{DiffOptions, Oid, StatusOptions};

use crate::git::error::GitError;
use crate::git::revision::Revision;
use crate::git::tree_entries::{Entry, EntryKind, Tree, join_path};
use crate::snapshot::is_yaml;

impl Revision {
    /// Returns the paths of YAML files, at or below some paths, that differ between this revision and another one, or
    /// that only one of them has. The result may include a link whose target did not change.
    ///
    /// # Errors
    /// Returns [`GitError`] if a folder cannot be read.
    pub fn changed_yaml_files(&self, other: &Self, paths: &[&str]) -> Result<BTreeSet<String>, GitError> {
        let mut changed = BTreeSet::new();
        for path in paths {
            self.compare(other, path, (self.find_entry(path)?, other.find_entry(path)?), &mut changed)?;
        }
        Ok(changed)
    }

    /// Returns the paths of YAML files, at or below some paths, that differ between this revision and the working tree.
    /// The comparison includes files that git ignores. The result may include a link whose target did not change.
    ///
    /// # Errors
    /// Returns [`GitError`] if a folder or the index cannot be read.
    pub fn changed_yaml_files_in_worktree(&self, paths: &[&str]) -> Result<BTreeSet<String>, GitError> {
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
            let is_wanted = paths.iter().any(|wanted| is_at_or_below(path, wanted)) && is_yaml(path) && !is_hidden;
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
            let statuses = handle.statuses(Some(&mut options))?;
            Ok(statuses.iter().map(|entry| String::from_utf8_lossy(entry.path_bytes()).into_owned()).collect())
        })
    }

    /// Compares the entries of both revisions at a path, and adds the paths of YAML files that differ. In equal
    /// folders, it examines only links, because the targets of links may differ.
    fn compare(
        &self,
        other: &Self,
        path: &str,
        (old, new): (Option<Entry>, Option<Entry>),
        changed: &mut BTreeSet<String>,
    ) -> Result<(), GitError> {
        let id_of = |entry: Option<Entry>, kind| entry.filter(|entry| entry.kind == kind).map(|entry| entry.id);
        if id_of(old, EntryKind::File) != id_of(new, EntryKind::File) && is_yaml(path) {
            changed.insert(path.to_owned());
        }
        let (old_id, new_id) = (id_of(old, EntryKind::Folder), id_of(new, EntryKind::Folder));
        let (old_tree, new_tree) = (self.tree_or_empty(old_id)?, other.tree_or_empty(new_id)?);
        for name in old_tree.keys().chain(new_tree.keys().filter(|name| !old_tree.contains_key(*name))) {
            let entries = (old_tree.get(name).copied(), new_tree.get(name).copied());
            let is = |entry: Option<Entry>, kind| entry.is_some_and(|entry| entry.kind == kind);
            if name.starts_with('.') || old_id == new_id && is(entries.0, EntryKind::File) {
                continue;
            }
            let path = join_path(path, name);
            if (is(entries.0, EntryKind::Link) || is(entries.1, EntryKind::Link)) && is_yaml(&path) {
                changed.insert(path.clone());
            }
            self.compare(other, &path, entries, changed)?;
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
        let diff = handle.diff_index_to_workdir(None, Some(&mut options))?;
        let changed = diff.deltas().flat_map(|delta| [delta.old_file().path(), delta.new_file().path()]);
        let changed = changed.flatten().map(|path| path.to_string_lossy().replace('\\', "/")).collect();
        let index = handle.index()?;
        let mut files = Vec::with_capacity(index.len());
        files.extend(index.iter().map(|entry| (entry.path, entry.id)));
        Ok(Self { files, changed })
    }
}

/// Returns whether a path is another path, or is below it.
fn is_at_or_below(path: &str, ancestor: &str) -> bool {
    path.strip_prefix(ancestor).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
