//! The names of branches, tags and remotes.

use crate::git::error::GitError;
use crate::git::repository::Repository;

/// What a name of git stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReferenceKind {
    /// A branch of this clone.
    Branch,
    /// A tag.
    Tag,
    /// A branch of a remote, such as `origin/main`, as this clone knows it.
    RemoteBranch,
}

/// A name of git, as users write it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReferenceName {
    /// What it stands for.
    pub kind: ReferenceKind,
    /// The name.
    pub name: String,
}

/// The folders of references, in which names are unique.
const FOLDERS: [(&str, ReferenceKind); 3] = [
    ("refs/heads/", ReferenceKind::Branch),
    ("refs/tags/", ReferenceKind::Tag),
    ("refs/remotes/", ReferenceKind::RemoteBranch),
];

impl Repository {
    /// Returns the names of all branches and tags, sorted by kind and name. Names that are not UTF-8 are left out, and so
    /// are names for another branch, such as `origin/HEAD`.
    ///
    /// # Errors
    /// Returns [`GitError`] if the references cannot be read.
    pub fn reference_names(&self) -> Result<Vec<ReferenceName>, GitError> {
        self.handles.with(|handle| {
            let mut found = Vec::new();
            for name in handle.references()?.names().flatten() {
                let name = FOLDERS.iter().find_map(|(folder, kind)| Some((*kind, name.strip_prefix(folder)?)));
                if let Some((kind, name)) = name.filter(|(_, name)| !name.ends_with("/HEAD")) {
                    found.push(ReferenceName { kind, name: name.to_owned() });
                }
            }
            found.sort_unstable();
            Ok(found)
        })
    }

    /// Returns the names of the remotes.
    ///
    /// # Errors
    /// Returns [`GitError`] if git's settings cannot be read.
    pub fn remotes(&self) -> Result<Vec<String>, GitError> {
        self.handles.with(|handle| {
            Ok(handle.remotes()?.iter().filter_map(|name| Some(name.ok()??.to_owned())).collect::<Vec<_>>())
        })
    }
}
