//! Git's trees: some are listed whole, and of most a walk through history needs one entry.
//!
//! **Invariant:** what is remembered follows from a tree's id alone, so none of it grows old.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use git2::{ObjectType, Oid};

use super::error::GitError;
use super::repository::{Repository, locked};
use super::revision::join;

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

/// What is known of trees by their ids. libgit2 would remember each that was read, and none above 4 KiB.
#[derive(Default)]
pub(super) struct Trees {
    whole: Mutex<BTreeMap<Oid, Arc<Tree>>>,
    asked: Mutex<BTreeMap<Oid, Vec<(String, Option<Entry>)>>>,
    /// By name, and by the tree that it was looked for in.
    named: Mutex<BTreeMap<String, BTreeMap<Oid, Arc<[String]>>>>,
}

impl Entry {
    fn new(entry: &git2::TreeEntry<'_>) -> Self {
        let kind = match (entry.kind(), entry.filemode()) {
            (Some(ObjectType::Tree), _) => Kind::Folder,
            (_, 0o120_000) => Kind::Link,
            (Some(ObjectType::Commit), _) => Kind::Submodule,
            _ => Kind::File,
        };
        Self { kind, id: entry.id() }
    }
}

impl Repository {
    /// The entries of a tree.
    pub(super) fn tree(&self, id: Oid) -> Result<Arc<Tree>, GitError> {
        if let Some(tree) = locked(&self.trees.whole).get(&id) {
            return Ok(Arc::clone(tree));
        }
        let tree = self.with(|handle| {
            let entries = handle.find_tree(id)?;
            let named = |entry: git2::TreeEntry<'_>| (name(&entry), Entry::new(&entry));
            Ok::<_, GitError>(Arc::new(entries.iter().map(named).collect::<Tree>()))
        })?;
        locked(&self.trees.whole).insert(id, Arc::clone(&tree));
        Ok(tree)
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
            let tree = handle.find_tree(id)?;
            Ok::<_, GitError>(tree.get_name(name).as_ref().map(Entry::new))
        })?;
        let mut asked = locked(&self.trees.asked);
        if asked.len() >= REMEMBERED {
            asked.clear();
        }
        asked.entry(id).or_default().push((name.to_owned(), entry));
        Ok(entry)
    }

    /// The paths below a tree of all files and links of that name, but for folders that begin with a dot.
    pub(super) fn named(&self, id: Oid, name: &str) -> Result<Arc<[String]>, GitError> {
        if let Some(found) = locked(&self.trees.named).get(name).and_then(|known| known.get(&id)) {
            return Ok(Arc::clone(found));
        }
        let there = self.entry(id, name)?.filter(|entry| matches!(entry.kind, Kind::File | Kind::Link));
        let mut found: Vec<String> = there.map(|_| name.to_owned()).into_iter().collect();
        for (folder, id) in self.folders(id, name)? {
            found.extend(self.named(id, name)?.iter().map(|path| join(&folder, path)));
        }
        let found: Arc<[String]> = found.into();
        self.remember(id, name, &found);
        Ok(found)
    }

    /// The folders in a tree below which a name may be, but those that begin with a dot.
    pub(super) fn folders(&self, id: Oid, name: &str) -> Result<Vec<(String, Oid)>, GitError> {
        let named = locked(&self.trees.named);
        let known = named.get(name);
        // Most of them are those of the commit before, and need not be named anew.
        let ahead = |id: Oid| known.and_then(|known| known.get(&id)).is_none_or(|found| !found.is_empty());
        let visible = |folder: &str| !folder.starts_with('.');
        if let Some(tree) = locked(&self.trees.whole).get(&id) {
            let folders = tree.iter().filter(|(_, entry)| entry.kind == Kind::Folder && ahead(entry.id));
            return Ok(folders
                .map(|(name, entry)| (name.clone(), entry.id))
                .filter(|(name, _)| visible(name))
                .collect());
        }
        self.with(|handle| {
            let tree = handle.find_tree(id)?;
            let folders = tree.iter().filter(|entry| entry.kind() == Some(ObjectType::Tree) && ahead(entry.id()));
            Ok(folders.map(|entry| (self::name(&entry), entry.id())).filter(|(name, _)| visible(name)).collect())
        })
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

fn name(entry: &git2::TreeEntry<'_>) -> String {
    String::from_utf8_lossy(entry.name_bytes()).into_owned()
}
