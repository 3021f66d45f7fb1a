//! What git would make of two lines of work, without making it.
//!
//! **Invariant:** the repository stays as it is: what a merge writes goes to memory.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use git2::Oid;

use crate::snapshot::{FILE_LIMIT, Fault, File, is_yaml};
use crate::source::{GitError, Revision};

/// Objects are written to where the priority is highest; git's own places have 1 and 2.
const FIRST: i32 = 1_000;
/// A link, of which a merge gives only where it leads.
const LINK: u32 = 0o120_000;

/// The files of a merge that was not committed.
#[derive(Clone)]
pub struct Merged {
    files: Arc<BTreeMap<String, (Oid, File)>>,
}

/// How a merge ended.
#[derive(Debug, Clone)]
pub enum Merge {
    /// Git would merge without asking.
    Clean(Merged),
    /// The paths of those files that it cannot merge, from git's root.
    Conflicts(Vec<String>),
}

impl Revision {
    /// Merges what two revisions made of this one. Links are left out.
    ///
    /// # Errors
    /// [`GitError`] if an object cannot be read.
    pub fn merge(&self, theirs: &Self, ours: &Self) -> Result<Merge, GitError> {
        let handle = self.repository.apart()?;
        let odb = handle.odb()?;
        let _memory = odb.add_new_mempack_backend(FIRST)?;
        handle.set_odb(&odb)?;
        let tree = |revision: &Self| handle.find_tree(revision.tree);
        let index = handle.merge_trees(&tree(self)?, &tree(ours)?, &tree(theirs)?, None)?;
        let text = |path: &[u8]| String::from_utf8_lossy(path).into_owned();
        if index.has_conflicts() {
            let mut paths = Vec::new();
            for conflict in index.conflicts()? {
                let conflict = conflict?;
                let side = conflict.our.or(conflict.their).or(conflict.ancestor);
                paths.extend(side.map(|entry| text(&entry.path)));
            }
            paths.sort();
            paths.dedup();
            return Ok(Merge::Conflicts(paths));
        }
        let mut files = BTreeMap::new();
        let prefix = ours.prefix();
        for entry in index.iter().filter(|entry| entry.mode != LINK) {
            let path = text(&entry.path);
            if let Some(path) = path.strip_prefix(&prefix).filter(|path| is_read(path)) {
                let blob = odb.read(entry.id)?;
                let size = blob.data().len() as u64;
                let file = match size > FILE_LIMIT {
                    true => File { path: path.to_owned(), text: String::new(), fault: Some(Fault::TooLarge(size)) },
                    false => File::new(path.to_owned(), blob.data().to_vec()),
                };
                files.insert(path.to_owned(), (entry.id, file));
            }
        }
        Ok(Merge::Clean(Merged { files: Arc::new(files) }))
    }
}

/// Definitions, and the schemas that they name.
fn is_read(path: &str) -> bool {
    is_yaml(path) || Path::new(path).extension().is_some_and(|extension| extension == "json")
}

impl Merged {
    /// Of all files, in ascending order.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str).filter(|path| is_yaml(path))
    }

    pub(super) fn version(&self, path: &str) -> Option<Oid> {
        self.files.get(path).map(|(id, _)| *id)
    }

    /// As [`Folder::list`](super::Folder::list).
    pub fn list(&self, folder: &str) -> Vec<String> {
        let below = format!("{folder}/");
        let hidden = |path: &str| path.split('/').any(|name| name.starts_with('.'));
        self.paths().filter(|path| path.starts_with(&below) && !hidden(path)).map(str::to_owned).collect()
    }

    /// As [`Folder::search`](super::Folder::search).
    pub fn search(&self, folder: &str, name: &str) -> Option<String> {
        let named = |path: &&String| path.rsplit('/').next() == Some(name);
        self.list(folder).iter().filter(named).min_by_key(|path| path.matches('/').count()).cloned()
    }

    /// As [`Folder::read`](super::Folder::read).
    pub fn read(&self, path: &str) -> Option<File> {
        self.files.get(path).map(|(_, file)| file.clone())
    }
}

impl fmt::Debug for Merged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Merged({} files)", self.files.len())
    }
}
