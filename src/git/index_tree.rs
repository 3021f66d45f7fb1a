//! Files of git's index as a tree of folders, whose content is in the object store.

use std::collections::BTreeMap;
use std::sync::Mutex;

use git2::{ErrorCode, IndexEntry, Oid};

use crate::git::error::GitError;
use crate::git::handles::lock;
use crate::snapshot::{FILE_LIMIT, Fault, File};
use crate::tree::{FileTree, Subfolders, TreeEntry, join_path};

/// The mode of a symbolic link. The content of a link is the path of its target.
const LINK_MODE: u32 = 0o120_000;
/// The mode of a submodule.
const SUBMODULE_MODE: u32 = 0o160_000;

/// Files by their paths from git's root.
pub struct IndexTree {
    /// The mode and the blob of each file.
    files: BTreeMap<String, (u32, Oid)>,
    /// The handle whose object store has the blobs.
    handle: Mutex<git2::Repository>,
}

impl IndexTree {
    /// Creates the tree of some entries of an index. `handle` can read their blobs.
    pub(super) fn new(entries: impl Iterator<Item = IndexEntry>, handle: git2::Repository) -> Self {
        let path = |entry: &IndexEntry| String::from_utf8_lossy(&entry.path).into_owned();
        let files = entries.map(|entry| (path(&entry), (entry.mode, entry.id))).collect();
        Self { files, handle: Mutex::new(handle) }
    }

    /// Returns the names and the entries of a folder.
    pub fn entries(&self, folder: &str) -> Vec<(String, TreeEntry<Self>)> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let (mut found, mut from) = (Vec::new(), prefix.clone());
        while let Some((path, entry)) = self.files.range(from..).next() {
            let Some(rest) = path.strip_prefix(&prefix) else { break };
            match rest.split_once('/') {
                None => {
                    found.push((rest.to_owned(), tree_entry(*entry)));
                    from = format!("{path}\0");
                }
                Some((name, _)) => {
                    found.push((name.to_owned(), TreeEntry::Folder(format!("{prefix}{name}"))));
                    // `0` is the character after `/`.
                    from = format!("{prefix}{name}0");
                }
            }
        }
        found
    }

    /// Reads a file. `path` is the path that the file gets.
    ///
    /// # Errors
    /// Returns [`GitError`] if the blob cannot be read.
    pub fn read(&self, path: &str, blob: Oid) -> Result<File, GitError> {
        let handle = lock(&self.handle);
        let blob = handle.find_blob(blob).map_err(explain_blob)?;
        let size = blob.size() as u64;
        Ok(match size > FILE_LIMIT {
            true => File::unreadable(path.to_owned(), Fault::TooLarge(size)),
            false => File::new(path.to_owned(), blob.content().to_vec()),
        })
    }
}

impl FileTree for IndexTree {
    type Folder = String;
    type File = Oid;
    type Link = Oid;
    type Error = GitError;

    fn root(&self) -> String {
        String::new()
    }

    fn entry(&self, folder: &String, name: &str) -> Result<Option<TreeEntry<Self>>, GitError> {
        let path = join_path(folder, name);
        if let Some(entry) = self.files.get(&path) {
            return Ok(Some(tree_entry(*entry)));
        }
        let below = format!("{path}/");
        let is_folder = self.files.range(below.clone()..).next().is_some_and(|(path, _)| path.starts_with(&below));
        Ok(is_folder.then_some(TreeEntry::Folder(path)))
    }

    fn subfolders(&self, folder: &String) -> Result<Subfolders<Self>, GitError> {
        let mut entries = self.entries(folder);
        let examined = entries.len();
        entries.retain(|(_, entry)| !matches!(entry, TreeEntry::File(_)));
        Ok(Subfolders { entries, examined })
    }

    fn target(&self, link: &Oid) -> Result<Vec<u8>, GitError> {
        Ok(lock(&self.handle).find_blob(*link).map_err(explain_blob)?.content().to_vec())
    }

    fn display(&self, path: &str) -> String {
        path.to_owned()
    }
}

/// Replaces the error of a missing blob, because a partial clone lacks the files that a sparse checkout omits.
fn explain_blob(error: git2::Error) -> GitError {
    match error.code() {
        ErrorCode::NotFound => GitError::Partial { rev: "the index".to_owned() },
        _ => error.into(),
    }
}

fn tree_entry((mode, id): (u32, Oid)) -> TreeEntry<IndexTree> {
    match mode {
        LINK_MODE => TreeEntry::Link(id),
        SUBMODULE_MODE => TreeEntry::Other(Fault::Submodule),
        _ => TreeEntry::File(id),
    }
}
