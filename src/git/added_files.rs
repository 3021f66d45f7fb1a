//! A commit in memory that adds files of one revision to another one.

use std::collections::BTreeSet;
use std::path::Path;

use git2::build::TreeUpdateBuilder;
use git2::{FileMode, ObjectType, Oid};

use crate::git::error::GitError;
use crate::git::revision::Revision;

impl Revision {
    /// Returns the merge of this revision and another one that only adds these regular files of the other one. The paths
    /// are relative to git's root. A link or a submodule at one of the paths is replaced.
    ///
    /// # Errors
    /// Returns [`GitError`] if the other revision does not have one of the files, or if an object cannot be read.
    pub fn with_files_of(&self, theirs: &Self, paths: &[String]) -> Result<Self, GitError> {
        if paths.is_empty() {
            return Ok(self.clone());
        }
        let files = self.repository.handles.with(|handle| {
            let tree = handle.find_tree(theirs.tree)?;
            let file = |path: &String| {
                let blob = handle.find_blob(tree.get_path(Path::new(path))?.id())?;
                Ok::<_, GitError>((path.clone(), blob.id(), blob.content().to_vec()))
            };
            paths.iter().map(file).collect::<Result<Vec<_>, GitError>>()
        })?;
        let blobs = files.iter().map(|(_, _, bytes)| (ObjectType::Blob, bytes.clone())).collect();
        let (tree, trees) = self.repository.with_objects(blobs)?.handles.with(|handle| {
            let before = handle.find_tree(self.tree)?;
            // libgit2 does not replace a submodule by a file, so submodules are removed first.
            let (mut submodules, mut update) = (TreeUpdateBuilder::new(), TreeUpdateBuilder::new());
            for (path, id, _) in &files {
                let old = before.get_path(Path::new(path)).ok();
                if old.is_some_and(|entry| entry.kind() == Some(ObjectType::Commit)) {
                    submodules.remove(path.as_str());
                }
                update.upsert(path.as_str(), *id, FileMode::Blob);
            }
            let without = handle.find_tree(submodules.create_updated(handle, &before)?)?;
            let tree = update.create_updated(handle, &without)?;
            Ok::<_, GitError>((tree, trees_of(handle, tree, paths)?))
        })?;
        self.merged(theirs, tree, trees)
    }
}

/// Returns the tree, and the trees of all folders of the paths.
fn trees_of(handle: &git2::Repository, root: Oid, paths: &[String]) -> Result<Vec<(ObjectType, Vec<u8>)>, GitError> {
    let tree = handle.find_tree(root)?;
    let mut ids = BTreeSet::from([root]);
    for folder in paths.iter().flat_map(|path| Path::new(path).ancestors().skip(1)) {
        if !folder.as_os_str().is_empty() {
            ids.insert(tree.get_path(folder)?.id());
        }
    }
    let odb = handle.odb()?;
    ids.into_iter().map(|id| Ok((ObjectType::Tree, odb.read(id)?.data().to_vec()))).collect()
}
