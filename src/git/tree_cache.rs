//! The trees of a repository: in memory while the program runs, and in the cache file `trees` between runs.
//!
//! Two access patterns matter. Commands that list definitions read all trees below a folder completely. Commands that
//! follow history need one name of most trees, and read other trees only if they differ from those of the previous
//! commit. The cache therefore keeps complete trees, single names, and the paths below a tree that end in a name.
//!
//! The file `trees` holds the bytes of the trees that list all definitions, as git stores them, in the layout of
//! [`object_cache`](crate::git::object_cache). The file exists because git stores a tree as a difference from another
//! tree, and the reconstruction of one tree can require fifty other trees. It is written when at least
//! [`MIN_TREES_TO_STORE`] trees are missing in it. Costs: about 0.5 MB with 10,000 flags, written by the first command
//! that searches for dependent flags. Gain: together with `words` (see [`word_index`](crate::git::word_index)), and
//! with 10,000 flags, the time of `kill` for one flag decreases from 80 ms to 8 ms, and that of `diff HEAD` from 110 ms
//! to 40 ms.
//!
//! **Invariant:** everything in the cache is a function of a tree's id, so no entry becomes outdated.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use git2::Oid;

use crate::git::error::GitError;
use crate::git::handles::{HandlePool, lock};
use crate::git::object_cache::{CacheFile, CacheWrites, ObjectCache};
use crate::git::tree_entries;
use crate::git::tree_entries::{Entry, EntryKind, StoredEntries, Tree};
use crate::tree::{FolderFault, MAX_ENTRIES, MAX_LEVELS, TreeError, join_path};

/// The number of lookups in a tree after which the next lookup reads the complete tree.
const MAX_LOOKUPS: usize = 8;
/// The number of trees at which a map is cleared before the next tree is added. A walk through history uses only the
/// trees of the previous commit again.
const MAX_TREES: usize = 4096;
/// The minimum number of missing trees to write the file. Reading this number of trees takes longer than storing them.
const MIN_TREES_TO_STORE: usize = 20;
/// The name of the cache file.
const FILE: &str = "trees";

/// The folders in a folder, by name.
pub(super) type Subfolders = Vec<(String, Oid)>;

/// The names that were looked up in a tree, and the entries that were found.
type Lookups = Vec<(String, Option<Entry>)>;

/// The paths below a tree whose last part is one name.
#[derive(Debug, Clone, Default)]
pub(super) struct NamedPaths {
    pub(super) paths: Arc<[String]>,
    /// Whether the tree, or a tree below it, has links. A linked folder may contain the name, too.
    pub(super) has_links: bool,
}

/// An entry of a tree, and the other parts of the tree in which a search for its name goes on.
pub(super) struct NamedEntry {
    pub(super) entry: Option<Entry>,
    pub(super) subfolders: Subfolders,
    /// Whether the tree has links.
    pub(super) has_links: bool,
}

/// The paths below trees whose last part is one name.
type PathsByTree = BTreeMap<Oid, NamedPaths>;

/// A cache of trees. It replaces libgit2's own cache, which keeps every tree up to 4 KiB and no larger tree.
pub(super) struct TreeCache {
    handles: Arc<HandlePool>,
    complete: Mutex<BTreeMap<Oid, Arc<Tree>>>,
    lookups: Mutex<BTreeMap<Oid, Lookups>>,
    paths_by_name: Mutex<BTreeMap<String, PathsByTree>>,
    file: CacheFile,
    /// The content of the file, or `None` if it has not been read yet.
    stored: Mutex<Option<Arc<ObjectCache>>>,
}

impl TreeCache {
    /// Creates an empty cache. `folder` contains the cache files. The file is read on first use.
    pub(super) fn new(handles: Arc<HandlePool>, folder: PathBuf, writes: CacheWrites) -> Self {
        Self {
            handles,
            complete: Mutex::default(),
            lookups: Mutex::default(),
            paths_by_name: Mutex::default(),
            file: CacheFile::new(folder, FILE, writes),
            stored: Mutex::default(),
        }
    }

    /// Returns all entries of a tree.
    ///
    /// # Errors
    /// Returns [`GitError`] if the tree cannot be read.
    pub(super) fn tree(&self, id: Oid) -> Result<Arc<Tree>, GitError> {
        if let Some(tree) = lock(&self.complete).get(&id) {
            return Ok(Arc::clone(tree));
        }
        let tree = match self.stored().get(&id) {
            Some(bytes) => StoredEntries::new(bytes, id).into_tree()?,
            None => {
                self.handles.with(|handle| tree_entries::with_entries(handle, id, |entries| entries.into_tree()))?
            }
        };
        let tree = Arc::new(tree);
        lock(&self.complete).insert(id, Arc::clone(&tree));
        Ok(tree)
    }

    fn stored(&self) -> Arc<ObjectCache> {
        Arc::clone(lock(&self.stored).get_or_insert_with(|| self.file.load().into()))
    }

    /// Stores these trees in the cache file, if the file may be written and lacks at least [`MIN_TREES_TO_STORE`] of
    /// them.
    ///
    /// # Errors
    /// Returns [`GitError`] if a tree cannot be read.
    pub(super) fn store(&self, ids: &BTreeSet<Oid>) -> Result<(), GitError> {
        let stored = self.stored();
        let missing = ids.iter().filter(|id| stored.get(id).is_none()).count();
        if missing < MIN_TREES_TO_STORE || self.file.writes() == CacheWrites::Forbidden {
            return Ok(());
        }
        let read = |id: &Oid| match stored.get(id) {
            Some(bytes) => Ok(bytes.to_vec()),
            None => self.handles.with(|handle| tree_entries::read_bytes(handle, *id)),
        };
        let trees = ids.iter().map(read).collect::<Result<Vec<_>, GitError>>()?;
        let cache = self.file.store(ids.iter().copied().zip(trees.iter().map(Vec::as_slice)));
        *lock(&self.stored) = Some(cache.into());
        Ok(())
    }

    /// Looks up one name in a tree, without reading the other entries.
    ///
    /// # Errors
    /// Returns [`GitError`] if the tree cannot be read.
    pub(super) fn entry(&self, id: Oid, name: &str) -> Result<Option<Entry>, GitError> {
        if let Some(tree) = lock(&self.complete).get(&id) {
            return Ok(tree.get(name).copied());
        }
        let mut read_completely = false;
        if let Some(lookups) = lock(&self.lookups).get(&id) {
            if let Some((_, entry)) = lookups.iter().find(|(known, _)| known == name) {
                return Ok(*entry);
            }
            read_completely = lookups.len() >= MAX_LOOKUPS;
        }
        if read_completely {
            return Ok(self.tree(id)?.get(name).copied());
        }
        let entry = self.handles.with(|handle| {
            tree_entries::with_entries(handle, id, |mut entries| {
                entries.find(|entry| entry.name == name.as_bytes()).map(|entry| entry.entry()).transpose()
            })
        })?;
        self.cache_lookup(id, name, entry);
        Ok(entry)
    }

    /// Returns the paths of all files with a name below a tree. Folders that begin with a dot are skipped, and links are
    /// not followed. `folder` is the path of the tree, for an error.
    ///
    /// # Errors
    /// Returns [`GitError`] if a tree cannot be read, or if there are too many levels or paths.
    pub(super) fn paths_of(&self, id: Oid, name: &str, folder: &str) -> Result<NamedPaths, GitError> {
        self.paths_at_level(id, name, folder, 0)
    }

    fn paths_at_level(&self, id: Oid, name: &str, folder: &str, level: usize) -> Result<NamedPaths, GitError> {
        let error = |fault| TreeError { path: folder.to_owned(), fault };
        if level > MAX_LEVELS {
            return Err(error(FolderFault::TooDeep).into());
        }
        if let Some(known) = lock(&self.paths_by_name).get(name).and_then(|known| known.get(&id)) {
            return Ok(known.clone());
        }
        let NamedEntry { entry, subfolders, mut has_links } = self.entry_and_subfolders(id, name)?;
        let file = entry.filter(|entry| entry.kind == EntryKind::File);
        let mut paths: Vec<String> = file.map(|_| name.to_owned()).into_iter().collect();
        for (subfolder, id) in subfolders {
            let below = self.paths_at_level(id, name, &join_path(folder, &subfolder), level + 1)?;
            paths.extend(below.paths.iter().map(|path| join_path(&subfolder, path)));
            has_links |= below.has_links;
            if paths.len() > MAX_ENTRIES {
                return Err(error(FolderFault::TooLarge).into());
            }
        }
        let found = NamedPaths { paths: paths.into(), has_links };
        self.cache_paths(id, name, &found);
        Ok(found)
    }

    /// Looks up a name in a tree, and lists the folders in it. Skips folders whose name begins with a dot, and folders
    /// that are known not to contain the name.
    ///
    /// # Errors
    /// Returns [`GitError`] if the tree cannot be read.
    pub(super) fn entry_and_subfolders(&self, id: Oid, name: &str) -> Result<NamedEntry, GitError> {
        let read_completely = lock(&self.lookups).get(&id).is_some_and(|lookups| lookups.len() >= MAX_LOOKUPS);
        if read_completely {
            self.tree(id)?;
        }
        let paths_by_name = lock(&self.paths_by_name);
        let known = paths_by_name.get(name);
        // Most folders are the same as in the previous commit.
        let may_contain = |folder: &[u8], id: &Oid| {
            let known = known.and_then(|known| known.get(id));
            !folder.starts_with(b".") && known.is_none_or(|known| !known.paths.is_empty() || known.has_links)
        };
        if let Some(tree) = lock(&self.complete).get(&id) {
            let folders = tree.iter().filter(|(_, entry)| entry.kind == EntryKind::Folder);
            let folders = folders.filter(|(name, entry)| may_contain(name.as_bytes(), &entry.id));
            let subfolders = folders.map(|(name, entry)| (name.clone(), entry.id)).collect();
            let has_links = tree.values().any(|entry| entry.kind == EntryKind::Link);
            return Ok(NamedEntry { entry: tree.get(name).copied(), subfolders, has_links });
        }
        let found = self.handles.with(|handle| {
            tree_entries::with_entries(handle, id, |entries| {
                let mut found = NamedEntry { entry: None, subfolders: Vec::new(), has_links: false };
                for entry in entries {
                    if entry.name == name.as_bytes() {
                        found.entry = Some(entry.entry()?);
                    }
                    found.has_links |= entry.is_link();
                    if entry.is_folder() {
                        let id = entry.id()?;
                        if may_contain(entry.name, &id) {
                            found.subfolders.push((entry.name(), id));
                        }
                    }
                }
                Ok::<_, GitError>(found)
            })
        })?;
        self.cache_lookup(id, name, found.entry);
        Ok(found)
    }

    fn cache_lookup(&self, id: Oid, name: &str, entry: Option<Entry>) {
        let mut lookups = lock(&self.lookups);
        if lookups.len() >= MAX_TREES {
            lookups.clear();
        }
        let lookups = lookups.entry(id).or_default();
        if lookups.iter().all(|(known, _)| known != name) {
            lookups.push((name.to_owned(), entry));
        }
    }

    /// Records that no path below these trees ends with a name.
    pub(super) fn cache_absence(&self, ids: impl IntoIterator<Item = Oid>, name: &str) {
        ids.into_iter().for_each(|id| self.cache_paths(id, name, &NamedPaths::default()));
    }

    fn cache_paths(&self, id: Oid, name: &str, paths: &NamedPaths) {
        let mut paths_by_name = lock(&self.paths_by_name);
        let known = paths_by_name.entry(name.to_owned()).or_default();
        if known.len() >= MAX_TREES {
            known.clear();
        }
        known.insert(id, paths.clone());
    }
}
