//! The result of a merge that is not committed: the commit that `git merge` would make.
//!
//! The installed `git` merges, because libgit2 follows other rules: it finds other renames, knows no renames of folders,
//! and merges histories with several merge bases in another way. [`merge_tree`](crate::git::merge_tree) runs git in a
//! temporary repository. Its new objects are then kept in memory, so a merge is a [`Revision`] like any other, and all
//! functions that read a revision also read a merge.
//!
//! **Invariant:** a merge writes nothing to the repository.

use std::fs;
use std::sync::Arc;

use git2::{ObjectType, Oid, Signature, Time};

use crate::git::error::GitError;
use crate::git::merge_tree::{MergeInput, MergeOutcome, merge_tree};
use crate::git::revision::Revision;

/// The name of the files that give attributes, such as merge drivers, to paths.
const ATTRIBUTES: &str = ".gitattributes";

/// The result of a merge.
#[derive(Debug, Clone)]
pub enum MergeResult {
    /// Git merged all files without a conflict. The revision has the folder of the first parent.
    Clean(Revision),
    /// Git found conflicts in the files with these paths, which are relative to git's root.
    Conflicts(Vec<String>),
}

/// The state from which both branches of a merge developed.
#[derive(Debug, Clone, Copy)]
pub enum MergeBase<'r> {
    /// Git finds the last common commits of both branches, as `git merge` does.
    Common,
    /// The caller names the state. If it is one of the last common commits, git finds all of them.
    Given(&'r Revision),
}

impl Revision {
    /// Merges another revision into this one, as `git merge` does while this revision is checked out.
    ///
    /// # Errors
    /// Returns [`GitError`] if git is not installed or is too old, if the histories have no common commit, or if an
    /// object cannot be read.
    pub fn merge(&self, theirs: &Self, base: MergeBase<'_>) -> Result<MergeResult, GitError> {
        let (commits, base) = (self.commit_and(theirs), self.named_base(theirs, base)?);
        let input = self.repository.handles.with(|handle| {
            Ok::<_, GitError>(MergeInput {
                objects: handle.commondir().join("objects"),
                format: handle.object_format(),
                shallow: file_bytes(handle.commondir().join("shallow")),
                local_attributes: file_bytes(handle.commondir().join("info/attributes")),
                attributes: self.attributes(handle)?,
                settings: settings(handle)?,
                commits,
                base,
            })
        })?;
        match merge_tree(&input) {
            Ok(MergeOutcome::Conflicts(paths)) => Ok(MergeResult::Conflicts(paths)),
            Ok(MergeOutcome::Clean { tree, objects }) => self.merged(theirs, tree, objects).map(MergeResult::Clean),
            Err(GitError::MergeFailed(_)) if self.repository.is_partial_clone() => {
                Err(GitError::Partial { rev: theirs.name().to_owned() })
            }
            Err(error) => Err(error),
        }
    }

    fn commit_and(&self, theirs: &Self) -> [Oid; 2] {
        [self.commit, theirs.commit]
    }

    /// Returns the base to name to git, or `None` if git finds it.
    fn named_base(&self, theirs: &Self, base: MergeBase<'_>) -> Result<Option<Oid>, GitError> {
        let MergeBase::Given(base) = base else {
            // The error of a missing common commit has advice, which git's error has not.
            self.merge_base(theirs)?;
            return Ok(None);
        };
        let common = self.repository.handles.with(|handle| {
            let common = handle.merge_bases(self.commit, theirs.commit);
            Ok::<_, GitError>(common.is_ok_and(|common| common.contains(&base.commit)))
        })?;
        Ok((!common).then_some(base.commit))
    }

    /// Returns the path and the bytes of each file of attributes in this revision. Git ignores links here.
    fn attributes(&self, handle: &git2::Repository) -> Result<Vec<(String, Vec<u8>)>, GitError> {
        let tree = handle.find_tree(self.tree)?;
        let mut found = Vec::new();
        for path in self.repository.trees.paths_of(self.tree, ATTRIBUTES, "")?.paths.iter() {
            let entry = tree.get_path(path.as_ref())?;
            if matches!(entry.filemode(), 0o100_644 | 0o100_755) {
                found.push((path.clone(), handle.find_blob(entry.id())?.content().to_vec()));
            }
        }
        Ok(found)
    }

    /// Returns the revision of a merge with this tree.
    pub(super) fn merged(
        &self,
        theirs: &Self,
        tree: Oid,
        objects: Vec<(ObjectType, Vec<u8>)>,
    ) -> Result<Self, GitError> {
        let repository = self.repository.with_objects(objects.clone())?;
        let commit = repository.handles.with(|handle| {
            let author = Signature::new("flagctl", "flagctl@localhost", &Time::new(0, 0))?;
            let parents = [handle.find_commit(self.commit)?, handle.find_commit(theirs.commit)?];
            let tree = handle.find_tree(tree)?;
            let parents: Vec<_> = parents.iter().collect();
            let commit = handle.commit_create_buffer(&author, &author, "merge", &tree, &parents)?;
            Ok::<_, GitError>((ObjectType::Commit, commit.to_vec()))
        })?;
        let id = Oid::hash_object_ext(commit.0, &commit.1, self.commit.object_format())?;
        let repository = Arc::new(self.repository.with_objects([objects, vec![commit]].concat())?);
        let name = format!("the merge of {} and {}", self.name(), theirs.name());
        let handles = Arc::clone(&repository.handles);
        let revision =
            handles.with(|handle| Ok::<_, GitError>(Self::new(repository, name, &handle.find_commit(id)?)))?;
        Ok(revision.in_folder(self.folder.clone()))
    }
}

/// The settings that decide how git merges, and that execute nothing.
const SETTINGS: [&str; 9] = [
    "core.attributesFile",
    "core.autocrlf",
    "core.eol",
    "diff.algorithm",
    "diff.renameLimit",
    "diff.renames",
    "merge.directoryRenames",
    "merge.renameLimit",
    "merge.renames",
];

/// Returns the values of the settings that decide how git merges.
fn settings(handle: &git2::Repository) -> Result<Vec<(&'static str, String)>, GitError> {
    let config = handle.config()?.snapshot()?;
    Ok(SETTINGS.into_iter().filter_map(|name| Some((name, config.get_string(name).ok()?))).collect())
}

/// Reads a file of git's folder. Returns `None` if it does not exist or cannot be read, as git does.
fn file_bytes(path: impl AsRef<std::path::Path>) -> Option<Vec<u8>> {
    #[allow(clippy::disallowed_methods, reason = "a file of git, not a definition")]
    fs::read(path).ok()
}
