//! Git's trees: some are listed whole, and of most a walk through history needs one entry.
//!
//! **Invariant:** what is remembered follows from a tree's id alone, so none of it grows old.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use git2::Oid;

use crate::source::error::GitError;
use crate::source::object_cache::Memory;
use crate::source::repository::{Repository, locked};
use crate::source::revision::join;
use crate::source::tree_entries;
use crate::source::tree_entries::Entries;

/// A tree asked for more names is worth having whole.
const ASKED: usize = 8;
/// A memory of more trees begins anew: a walk comes back to those of the commit before, and to no others.
const REMEMBERED: usize = 4096;

/// The entries of a folder, by name.
pub(super) type Tree = BTreeMap<String, Entry>;

#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) id: Oid,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Folder,
    File,
    Link,
    /// A repository of its own, of which only a commit's id is known here.
    Submodule,
}

/// Folders in a folder, by name.
pub(super) type Folders = Vec<(String, Oid)>;

/// Names that a tree was asked for, and what it has of them.
type Asked = Vec<(String, Option<Entry>)>;

/// Trees, and the paths below them that end in a name.
type Named = BTreeMap<Oid, Arc<[String]>>;

/// What is known of trees by their ids. libgit2 would remember each that was read, and none above 4 KiB.
#[derive(Default)]
pub(super) struct Trees {
    whole: Mutex<BTreeMap<Oid, Arc<Tree>>>,
    asked: Mutex<BTreeMap<Oid, Asked>>,
    /// By name.
    named: Mutex<BTreeMap<String, Named>>,
    /// What earlier runs read whole, as git has it: to make one of the differences that git stores may take fifty others.
    remembered: Mutex<Option<Arc<Memory>>>,
}

/// The file's name.
const TREES: &str = "trees";
/// To read so many trees takes longer than to write them down.
const WORTH: usize = 20;

impl Repository {
    /// The entries of a tree.
    pub(super) fn tree(&self, id: Oid) -> Result<Arc<Tree>, GitError> {
        if let Some(tree) = locked(&self.trees.whole).get(&id) {
            return Ok(Arc::clone(tree));
        }
        let whole =
            |entries: Entries<'_>| entries.map(|one| Ok((one.name(), one.entry()?))).collect::<Result<Tree, _>>();
        let tree = match self.remembered_trees().get(&id) {
            Some(bytes) => whole(Entries::new(bytes, id))?,
            None => self.with(|handle| tree_entries::read(handle, id, whole))?,
        };
        let tree = Arc::new(tree);
        locked(&self.trees.whole).insert(id, Arc::clone(&tree));
        Ok(tree)
    }

    fn remembered_trees(&self) -> Arc<Memory> {
        let recall = || Memory::load(&self.memory(), TREES).into();
        Arc::clone(locked(&self.trees.remembered).get_or_insert_with(recall))
    }

    /// Remembers these trees, of which most were read.
    pub(super) fn remember_trees(&self, ids: &BTreeSet<Oid>) -> Result<(), GitError> {
        let known = self.remembered_trees();
        if ids.iter().filter(|id| known.get(id).is_none()).count() < WORTH {
            return Ok(());
        }
        let read = |id: &Oid| {
            let known = known.get(id).map(<[u8]>::to_vec);
            known.map_or_else(|| self.with(|handle| tree_entries::bytes(handle, *id)), Ok)
        };
        let trees = ids.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let trees = Memory::new(TREES, ids.iter().copied().zip(trees.iter().map(Vec::as_slice)));
        // Where nothing can be written, the next run reads again.
        let _ = trees.store(&self.memory(), TREES);
        *locked(&self.trees.remembered) = Some(trees.into());
        Ok(())
    }

    /// One entry of a tree, without the others.
    pub(super) fn entry(&self, id: Oid, name: &str) -> Result<Option<Entry>, GitError> {
        if let Some(tree) = locked(&self.trees.whole).get(&id) {
            return Ok(tree.get(name).copied());
        }
        let mut often = false;
        if let Some(asked) = locked(&self.trees.asked).get(&id) {
            if let Some((_, entry)) = asked.iter().find(|(other, _)| other == name) {
                return Ok(*entry);
            }
            often = asked.len() >= ASKED;
        }
        if often {
            return Ok(self.tree(id)?.get(name).copied());
        }
        let entry = self.with(|handle| {
            tree_entries::read(handle, id, |mut entries| {
                entries.find(|one| one.name == name.as_bytes()).map(|one| one.entry()).transpose()
            })
        })?;
        self.asked(id, name, entry);
        Ok(entry)
    }

    /// The paths below a tree of all files and links of that name, but for folders that begin with a dot.
    pub(super) fn named(&self, id: Oid, name: &str) -> Result<Arc<[String]>, GitError> {
        if let Some(found) = locked(&self.trees.named).get(name).and_then(|known| known.get(&id)) {
            return Ok(Arc::clone(found));
        }
        let (entry, folders) = self.look(id, name)?;
        let there = entry.filter(|entry| matches!(entry.kind, Kind::File | Kind::Link));
        let mut found: Vec<String> = there.map(|_| name.to_owned()).into_iter().collect();
        for (folder, id) in folders {
            found.extend(self.named(id, name)?.iter().map(|path| join(&folder, path)));
        }
        let found: Arc<[String]> = found.into();
        self.remember(id, name, &found);
        Ok(found)
    }

    /// What a tree has of that name, and the folders in it below which there may be more, but those that begin with a
    /// dot.
    pub(super) fn look(&self, id: Oid, name: &str) -> Result<(Option<Entry>, Folders), GitError> {
        let often = locked(&self.trees.asked).get(&id).is_some_and(|asked| asked.len() >= ASKED);
        if often {
            self.tree(id)?;
        }
        let named = locked(&self.trees.named);
        let known = named.get(name);
        // Most folders are those of the commit before.
        let ahead = |folder: &[u8], id: &Oid| {
            !folder.starts_with(b".") && known.and_then(|known| known.get(id)).is_none_or(|found| !found.is_empty())
        };
        if let Some(tree) = locked(&self.trees.whole).get(&id) {
            let folders = tree.iter().filter(|(_, entry)| entry.kind == Kind::Folder);
            let folders = folders.filter(|(name, entry)| ahead(name.as_bytes(), &entry.id));
            let folders = folders.map(|(name, entry)| (name.clone(), entry.id)).collect();
            return Ok((tree.get(name).copied(), folders));
        }
        let (entry, folders) = self.with(|handle| {
            tree_entries::read(handle, id, |entries| {
                let (mut found, mut folders) = (None, Vec::new());
                for one in entries {
                    if one.name == name.as_bytes() {
                        found = Some(one.entry()?);
                    }
                    if one.is_folder() {
                        let id = one.id()?;
                        if ahead(one.name, &id) {
                            folders.push((one.name(), id));
                        }
                    }
                }
                Ok((found, folders))
            })
        })?;
        self.asked(id, name, entry);
        Ok((entry, folders))
    }

    fn asked(&self, id: Oid, name: &str, entry: Option<Entry>) {
        let mut asked = locked(&self.trees.asked);
        if asked.len() >= REMEMBERED {
            asked.clear();
        }
        let asked = asked.entry(id).or_default();
        if asked.iter().all(|(other, _)| other != name) {
            asked.push((name.to_owned(), entry));
        }
    }

    /// Remembers that a name is nowhere below these trees.
    pub(super) fn is_nowhere(&self, ids: impl IntoIterator<Item = Oid>, name: &str) {
        ids.into_iter().for_each(|id| self.remember(id, name, &Arc::default()));
    }

    fn remember(&self, id: Oid, name: &str, found: &Arc<[String]>) {
        let mut named = locked(&self.trees.named);
        let known = named.entry(name.to_owned()).or_default();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(id, Arc::clone(found));
    }
}
