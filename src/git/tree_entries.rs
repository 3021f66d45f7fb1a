//! A parser of git's tree objects, which list the entries of one folder.
//!
//! Each entry is stored as `MODE NAME`, a zero byte, and the bytes of an id. The parser returns slices of the stored
//! bytes, so a search for one name stops at its entry and does not allocate memory. libgit2 instead builds a structure
//! of all entries before it returns the first entry, and this takes longer than reading the tree. Speed matters here,
//! because `log` reads at least one tree of each commit.

use std::collections::BTreeMap;

use git2::{ObjectType, Oid};

use crate::git::error::GitError;

/// The entries of a folder, by name.
pub(super) type Tree = BTreeMap<String, Entry>;

/// An entry of a folder.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) kind: EntryKind,
    pub(super) id: Oid,
}

/// The kind of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryKind {
    Folder,
    File,
    /// A symbolic link; its object holds the path of the target.
    Link,
    /// A submodule: another repository, of which this repository stores only a commit id.
    Submodule,
}

/// A stored entry, whose mode and id are not parsed yet.
pub(super) struct StoredEntry<'t> {
    mode: &'t [u8],
    pub(super) name: &'t [u8],
    id: &'t [u8],
}

impl StoredEntry<'_> {
    pub(super) fn is_folder(&self) -> bool {
        // Old programs wrote the mode of folders with a leading zero.
        matches!(self.mode, b"40000" | b"040000")
    }

    pub(super) fn is_link(&self) -> bool {
        self.mode == b"120000"
    }

    pub(super) fn entry(&self) -> Result<Entry, GitError> {
        let kind = match self.mode {
            _ if self.is_folder() => EntryKind::Folder,
            _ if self.is_link() => EntryKind::Link,
            b"160000" => EntryKind::Submodule,
            _ => EntryKind::File,
        };
        Ok(Entry { kind, id: self.id()? })
    }

    pub(super) fn id(&self) -> Result<Oid, GitError> {
        Ok(Oid::from_bytes(self.id)?)
    }

    pub(super) fn name(&self) -> String {
        String::from_utf8_lossy(self.name).into_owned()
    }
}

/// The entries of a tree, in git's order. The iterator ends at the first bytes that are not an entry; `git fsck`
/// reports such a tree.
pub(super) struct StoredEntries<'t> {
    remaining: &'t [u8],
    id_length: usize,
}

impl<'t> StoredEntries<'t> {
    /// Parses the bytes of a tree. The ids of its entries have the same length as `tree`.
    pub(super) fn new(bytes: &'t [u8], tree: Oid) -> Self {
        Self { remaining: bytes, id_length: tree.as_bytes().len() }
    }

    /// Collects all entries.
    ///
    /// # Errors
    /// Returns [`GitError`] if an id is damaged.
    pub(super) fn into_tree(self) -> Result<Tree, GitError> {
        self.map(|entry| Ok((entry.name(), entry.entry()?))).collect()
    }
}

impl<'t> Iterator for StoredEntries<'t> {
    type Item = StoredEntry<'t>;

    fn next(&mut self) -> Option<StoredEntry<'t>> {
        let (mode, rest) = split_at_byte(self.remaining, b' ')?;
        let (name, rest) = split_at_byte(rest, 0)?;
        let (id, rest) = rest.split_at_checked(self.id_length)?;
        self.remaining = rest;
        Some(StoredEntry { mode, name, id })
    }
}

/// Reads a tree and calls `work` with its entries.
///
/// # Errors
/// Returns [`GitError`] if no tree has this id, and otherwise the error of `work`.
pub(super) fn with_entries<T>(
    handle: &git2::Repository,
    tree: Oid,
    work: impl FnOnce(StoredEntries<'_>) -> Result<T, GitError>,
) -> Result<T, GitError> {
    let odb = handle.odb()?;
    work(StoredEntries::new(read_object(handle, &odb, tree)?.data(), tree))
}

/// Returns the bytes of a tree.
///
/// # Errors
/// Returns [`GitError`] if no tree has this id.
pub(super) fn read_bytes(handle: &git2::Repository, tree: Oid) -> Result<Vec<u8>, GitError> {
    let odb = handle.odb()?;
    Ok(read_object(handle, &odb, tree)?.data().to_vec())
}

fn read_object<'o>(
    handle: &git2::Repository,
    odb: &'o git2::Odb<'_>,
    tree: Oid,
) -> Result<git2::OdbObject<'o>, GitError> {
    let object = odb.read(tree)?;
    if object.kind() != ObjectType::Tree {
        // If the object is not a tree, the error of this call contains the kind of the object.
        handle.find_tree(tree)?;
    }
    Ok(object)
}

/// Splits bytes at the first occurrence of a byte. Neither part contains this byte.
fn split_at_byte(bytes: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let index = bytes.iter().position(|byte| *byte == separator)?;
    Some((bytes.get(..index)?, bytes.get(index + 1..)?))
}
