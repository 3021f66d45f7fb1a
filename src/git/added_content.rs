//! A revision with other files in some paths, or without some files. The new objects are only in memory.
//!
//! **Invariant:** nothing is written to the repository.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use git2::build::TreeUpdateBuilder;
use git2::{ErrorCode, FileMode, ObjectType, Oid};

use crate::git::error::GitError;
use crate::git::revision::Revision;

impl Revision {
    /// Returns the same commit with these files, each a path from the folder of the revision and its text. A file that
    /// has the path already is replaced.
    ///
    /// # Errors
    /// Returns [`GitError`] if an object cannot be read, or if a path leads through something that is not a folder.
    pub fn with_files<'f>(&self, files: impl IntoIterator<Item = (&'f str, &'f str)>) -> Result<Self, GitError> {
        self.with_changed_files(files.into_iter().map(|(path, text)| (path, Some(text))))
    }

    /// Returns the same commit with these files, and without those that have no text. A file to remove exists.
    ///
    /// # Errors
    /// Returns an error like [`Revision::with_files`], or if a file to remove does not exist.
    pub fn with_changed_files<'f>(
        &self,
        files: impl IntoIterator<Item = (&'f str, Option<&'f str>)>,
    ) -> Result<Self, GitError> {
        let prefix = self.prefix();
        let files: Vec<_> = files.into_iter().map(|(path, text)| (format!("{prefix}{path}"), text)).collect();
        if files.is_empty() {
            return Ok(self.clone());
        }
        // A handle has a store in memory only if there is an object for it, so a removal alone needs one, too.
        let texts = files.iter().map(|(_, text)| text.unwrap_or_default());
        let mut objects: Vec<_> = texts.map(|text| (ObjectType::Blob, text.as_bytes().to_vec())).collect();
        let with_blobs = self.repository.with_objects(objects.clone())?;
        let tree = with_blobs.handles.with(|handle| {
            let mut update = TreeUpdateBuilder::new();
            for (path, text) in &files {
                let Some(text) = text else {
                    update.remove(path.as_str());
                    continue;
                };
                let blob = Oid::hash_object_ext(ObjectType::Blob, text.as_bytes(), self.commit.object_format())?;
                update.upsert(path.as_str(), blob, FileMode::Blob);
            }
            // The handle has a store in memory, which gets the new trees.
            let root = update.create_updated(handle, &handle.find_tree(self.tree)?)?;
            let tree = handle.find_tree(root)?;
            let folders: BTreeSet<_> = files.iter().flat_map(|(path, _)| Path::new(path).ancestors().skip(1)).collect();
            let odb = handle.odb()?;
            for folder in folders {
                let id = match tree.get_path(folder) {
                    _ if folder.as_os_str().is_empty() => root,
                    Ok(entry) => entry.id(),
                    // The folder has no other files.
                    Err(error) if error.code() == ErrorCode::NotFound => continue,
                    Err(error) => return Err(error.into()),
                };
                objects.push((ObjectType::Tree, odb.read(id)?.data().to_vec()));
            }
            Ok::<_, GitError>(root)
        })?;
        Ok(Self { repository: Arc::new(self.repository.with_objects(objects)?), tree, ..self.clone() })
    }
}
