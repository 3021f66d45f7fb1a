//! The entries of a tree as git stores them: `MODE NAME`, a zero byte, and the bytes of an id.
//!
//! libgit2 makes a structure of each before it gives any, which takes longer than to read the tree.

use git2::{ObjectType, Oid};

use crate::source::error::GitError;
use crate::source::tree_cache::{Entry, Kind};

/// An entry of which only the name has been looked at.
pub(super) struct Stored<'t> {
    mode: &'t [u8],
    pub(super) name: &'t [u8],
    id: &'t [u8],
}

impl Stored<'_> {
    pub(super) fn is_folder(&self) -> bool {
        // Old programs wrote it with a zero in front.
        matches!(self.mode, b"40000" | b"040000")
    }

    pub(super) fn entry(&self) -> Result<Entry, GitError> {
        let kind = match self.mode {
            _ if self.is_folder() => Kind::Folder,
            b"120000" => Kind::Link,
            b"160000" => Kind::Submodule,
            _ => Kind::File,
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

/// Reads a tree; what `work` makes of its entries.
///
/// # Errors
/// [`GitError`] if the tree is not there, and whatever `work` returns.
pub(super) fn read<T>(
    handle: &git2::Repository,
    tree: Oid,
    work: impl FnOnce(Entries<'_>) -> Result<T, GitError>,
) -> Result<T, GitError> {
    let odb = handle.odb()?;
    work(Entries::new(object(handle, &odb, tree)?.data(), tree))
}

/// The bytes of a tree.
///
/// # Errors
/// [`GitError`] if the tree is not there.
pub(super) fn bytes(handle: &git2::Repository, tree: Oid) -> Result<Vec<u8>, GitError> {
    let odb = handle.odb()?;
    Ok(object(handle, &odb, tree)?.data().to_vec())
}

fn object<'o>(handle: &git2::Repository, odb: &'o git2::Odb<'_>, tree: Oid) -> Result<git2::OdbObject<'o>, GitError> {
    let object = odb.read(tree)?;
    if object.kind() != ObjectType::Tree {
        // Says what it is instead.
        handle.find_tree(tree)?;
    }
    Ok(object)
}

/// The entries in git's order. Ends where the bytes are no entry any more, as `git fsck` would report.
pub(super) struct Entries<'t> {
    ahead: &'t [u8],
    id_length: usize,
}

impl<'t> Entries<'t> {
    pub(super) fn new(bytes: &'t [u8], tree: Oid) -> Self {
        Self { ahead: bytes, id_length: tree.as_bytes().len() }
    }
}

impl<'t> Iterator for Entries<'t> {
    type Item = Stored<'t>;

    fn next(&mut self) -> Option<Stored<'t>> {
        let (mode, rest) = split(self.ahead, b' ')?;
        let (name, rest) = split(rest, 0)?;
        let (id, rest) = rest.split_at_checked(self.id_length)?;
        self.ahead = rest;
        Some(Stored { mode, name, id })
    }
}

/// What is before the first such byte, and what is behind it.
fn split(bytes: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let (before, rest) = bytes.split_at_checked(bytes.iter().position(|byte| *byte == at)?)?;
    Some((before, rest.get(1..)?))
}
