//! The result of a merge that is not committed: the files that `git merge` would produce.
//!
//! **Invariant:** a merge does not change the repository, because libgit2 writes the objects of the merge to memory.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use git2::Oid;

use crate::git::error::GitError;
use crate::git::revision::Revision;
use crate::snapshot::{FILE_LIMIT, Fault, File, is_yaml};

/// The priority of the object store in memory. libgit2 writes new objects to the store with the highest priority. The
/// stores on disk have the priorities 1 and 2.
const MEMORY_PRIORITY: i32 = 1_000;
/// The mode of a symbolic link. The content of a link is the path of its target.
const LINK_MODE: u32 = 0o120_000;

/// The definition files of a merge, and the JSON files that definitions may refer to.
#[derive(Clone)]
pub struct MergedFiles {
    files: Arc<BTreeMap<String, (Oid, File)>>,
}

/// The result of a merge.
#[derive(Debug, Clone)]
pub enum MergeResult {
    /// Git merged all files without a conflict.
    Clean(MergedFiles),
    /// Git found conflicts in the files with these paths, which are relative to git's root.
    Conflicts(Vec<String>),
}

impl Revision {
    /// Merges two revisions, with this revision as their base. Links are skipped.
    ///
    /// # Errors
    /// Returns [`GitError`] if an object cannot be read.
    pub fn merge(&self, theirs: &Self, ours: &Self) -> Result<MergeResult, GitError> {
        let handle = self.repository.handles.open_separate()?;
        let odb = handle.odb()?;
        let _memory = odb.add_new_mempack_backend(MEMORY_PRIORITY)?;
        handle.set_odb(&odb)?;
        let tree = |revision: &Self| handle.find_tree(revision.tree);
        let index = handle.merge_trees(&tree(self)?, &tree(ours)?, &tree(theirs)?, None)?;
        let text = |path: &[u8]| String::from_utf8_lossy(path).into_owned();
        if index.has_conflicts() {
            let mut paths = Vec::new();
            for conflict in index.conflicts()? {
                let conflict = conflict?;
                let entry = conflict.our.or(conflict.their).or(conflict.ancestor);
                paths.extend(entry.map(|entry| text(&entry.path)));
            }
            paths.sort();
            paths.dedup();
            return Ok(MergeResult::Conflicts(paths));
        }
        let mut files = BTreeMap::new();
        let prefix = ours.prefix();
        for entry in index.iter().filter(|entry| entry.mode != LINK_MODE) {
            let path = text(&entry.path);
            if let Some(path) = path.strip_prefix(&prefix).filter(|path| is_yaml(path) || is_json(path)) {
                let blob = odb.read(entry.id)?;
                let size = blob.data().len() as u64;
                let file = match size > FILE_LIMIT {
                    true => File { path: path.to_owned(), text: String::new(), fault: Some(Fault::TooLarge(size)) },
                    false => File::new(path.to_owned(), blob.data().to_vec()),
                };
                files.insert(path.to_owned(), (entry.id, file));
            }
        }
        Ok(MergeResult::Clean(MergedFiles { files: Arc::new(files) }))
    }
}

fn is_json(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "json")
}

impl MergedFiles {
    /// Returns the paths of all YAML files, sorted.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str).filter(|path| is_yaml(path))
    }

    /// Returns the id of a file's blob.
    pub(super) fn blob_id(&self, path: &str) -> Option<Oid> {
        self.files.get(path).map(|(id, _)| *id)
    }

    /// Returns the sorted paths of the YAML files below a folder, like [`Revision::list`].
    pub fn list(&self, folder: &str) -> Vec<String> {
        let prefix = format!("{folder}/");
        let is_hidden = |path: &str| path.split('/').any(|name| name.starts_with('.'));
        self.paths().filter(|path| path.starts_with(&prefix) && !is_hidden(path)).map(str::to_owned).collect()
    }

    /// Returns the path of the file `name` in a folder or in the nearest folders below it, like [`Revision::search`].
    pub fn search(&self, folder: &str, name: &str) -> Option<String> {
        let has_name = |path: &&String| path.rsplit('/').next() == Some(name);
        self.list(folder).iter().filter(has_name).min_by_key(|path| path.matches('/').count()).cloned()
    }

    /// Returns a file, or `None` if it does not exist.
    pub fn read(&self, path: &str) -> Option<File> {
        self.files.get(path).map(|(_, file)| file.clone())
    }
}

impl fmt::Debug for MergedFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MergedFiles({} files)", self.files.len())
    }
}
