//! The commits of a range, with the entries that each of them changes.
//!
//! The range has the commits that one revision has and another one lacks. Each commit is compared with its parent. A
//! merge is compared with the merge that git itself makes of its parents, so only what its author added by hand is a
//! change. The entries have their modes, because a link or a submodule is not the file that its path promises.
//!
//! **Invariant:** in a shallow clone, the range is an error if a commit of either history lacks parents that could be
//! common commits.

use std::sync::Arc;

use git2::{Delta, DiffFindOptions, DiffOptions, ErrorCode, FileMode, Oid, Sort};

use crate::git::error::GitError;
use crate::git::merge::{MergeBase, MergeResult};
use crate::git::rev_parse::abbreviated;
use crate::git::revision::Revision;

/// A commit of a range.
#[derive(Debug, Clone)]
pub struct RangeCommit {
    /// The full id.
    pub commit: String,
    /// What the commit changes.
    pub changes: CommitChanges,
}

/// What a commit changes.
#[derive(Debug, Clone)]
pub enum CommitChanges {
    /// The differences from its parent, or from an empty folder if it has no parent.
    FromParent(Vec<EntryChange>),
    /// The differences of a merge from the merge that git makes of its two parents.
    FromGitMerge(Vec<EntryChange>),
    /// Git cannot merge the two parents without a conflict in these paths, so the files are the author's choice.
    Conflicts(Vec<String>),
    /// The commit merges more than two parents.
    ManyParents,
}

/// A file, link or submodule that differs. The path is relative to git's root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryChange {
    /// The path.
    pub path: String,
    /// The entry before the commit, or `None` if it did not exist.
    pub before: Option<EntryMode>,
    /// The entry after the commit, or `None` if it does not exist.
    pub after: Option<EntryMode>,
}

/// The mode of an entry that is not a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryMode {
    /// A regular file, `100644`.
    File,
    /// An executable file, `100755`.
    Executable,
    /// A symbolic link, `120000`.
    Link,
    /// A submodule, `160000`.
    Submodule,
}

impl Revision {
    /// Returns the commits that this revision has and `target` lacks, the oldest first.
    ///
    /// # Errors
    /// Returns [`GitError::ShallowRange`] if this clone is too shallow to know them, and another [`GitError`] if the
    /// histories have no common commit or an object cannot be read.
    pub fn commits_since(&self, target: &Self) -> Result<Vec<RangeCommit>, GitError> {
        let ids = self.missing_since(target)?;
        ids.into_iter()
            .map(|id| Ok(RangeCommit { commit: id.to_string(), changes: self.commit_changes(id)? }))
            .collect()
    }

    /// Returns the commits that this revision has and `target` lacks, the oldest first, without their changes.
    ///
    /// # Errors
    /// Returns [`GitError`] as [`Revision::commits_since`] does.
    pub fn revisions_since(&self, target: &Self) -> Result<Vec<Self>, GitError> {
        self.missing_since(target)?.into_iter().map(|id| self.with_commit(id)).collect()
    }

    fn missing_since(&self, target: &Self) -> Result<Vec<Oid>, GitError> {
        self.repository.handles.with(|handle| {
            let ids = missing_commits(handle, self.commit, target.commit)?;
            if handle.is_shallow() {
                let others = missing_commits(handle, target.commit, self.commit)?;
                // With several bases, one of them may be older than another through commits that the clone lacks.
                let bases = handle.merge_bases(self.commit, target.commit)?.len();
                let is_cut = |id: &Oid| lacks_parents(handle, *id);
                if bases > 1 || ids.iter().chain(&others).map(is_cut).collect::<Result<Vec<_>, _>>()?.contains(&true) {
                    let (base, tip) = (target.name().to_owned(), self.name().to_owned());
                    return Err(GitError::ShallowRange { base, tip });
                }
            }
            Ok(ids)
        })
    }

    fn commit_changes(&self, id: Oid) -> Result<CommitChanges, GitError> {
        let parents: Vec<Oid> =
            self.repository.handles.with(|handle| Ok::<_, GitError>(handle.find_commit(id)?.parent_ids().collect()))?;
        let commit = self.with_commit(id)?;
        Ok(match parents.as_slice() {
            [] => CommitChanges::FromParent(commit.changes_from(None)?),
            [parent] => CommitChanges::FromParent(commit.changes_from(Some(&self.with_commit(*parent)?))?),
            [first, second] => match self.with_commit(*first)?.merge(&self.with_commit(*second)?, MergeBase::Common)? {
                // Only the repository of a merge in memory can read it.
                MergeResult::Clean(merge) => {
                    CommitChanges::FromGitMerge(merge.with_commit(id)?.changes_from(Some(&merge))?)
                }
                MergeResult::Conflicts(paths) => CommitChanges::Conflicts(paths),
            },
            _ => CommitChanges::ManyParents,
        })
    }

    /// Returns another commit of the same repository; the folder is git's root.
    fn with_commit(&self, id: Oid) -> Result<Self, GitError> {
        self.repository
            .handles
            .with(|handle| Ok(Self::new(Arc::clone(&self.repository), abbreviated(id), &handle.find_commit(id)?)))
    }

    /// Returns the entries that differ from another revision, or from an empty folder, in the complete git repository.
    ///
    /// # Errors
    /// Returns [`GitError`] if a folder cannot be read.
    pub fn changes_from(&self, before: Option<&Self>) -> Result<Vec<EntryChange>, GitError> {
        self.check_difference(before)?;
        self.repository.handles.with(|handle| {
            let before = before.map(|before| handle.find_tree(before.tree)).transpose()?;
            let after = handle.find_tree(self.tree)?;
            let mut options = DiffOptions::new();
            options.include_typechange(true);
            let diff = handle.diff_tree_to_tree(before.as_ref(), Some(&after), Some(&mut options))?;
            Ok(diff.deltas().filter(|delta| delta.status() != Delta::Unmodified).map(|delta| change(&delta)).collect())
        })
    }
}

impl Revision {
    /// Returns the files that git sees as renamed since another revision: the path after the change with the path before
    /// it, from git's root.
    ///
    /// # Errors
    /// Returns [`GitError`] if a folder cannot be read.
    pub fn renamed_files(&self, before: &Self) -> Result<Vec<(String, String)>, GitError> {
        self.repository.handles.with(|handle| {
            let (before, after) = (handle.find_tree(before.tree)?, handle.find_tree(self.tree)?);
            let mut diff = handle.diff_tree_to_tree(Some(&before), Some(&after), None)?;
            diff.find_similar(Some(DiffFindOptions::new().renames(true)))?;
            let path =
                |file: &git2::DiffFile<'_>| file.path_bytes().map(|path| String::from_utf8_lossy(path).into_owned());
            let renamed = diff.deltas().filter(|delta| delta.status() == Delta::Renamed);
            Ok(renamed.filter_map(|delta| Some((path(&delta.new_file())?, path(&delta.old_file())?))).collect())
        })
    }

    /// Returns the signature of the commit and the text that is signed, or `None` if the commit is not signed. The
    /// signature is not checked.
    ///
    /// # Errors
    /// Returns [`GitError`] if the commit cannot be read.
    pub fn signature(&self) -> Result<Option<(String, String)>, GitError> {
        self.repository.handles.with(|handle| match handle.extract_signature(&self.commit, None) {
            Ok((signature, content)) => {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                Ok(Some((text(&signature), text(&content))))
            }
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        })
    }
}

/// Returns the ids of the commits that `tip` has and `other` lacks, the oldest first.
fn missing_commits(handle: &git2::Repository, tip: Oid, other: Oid) -> Result<Vec<Oid>, GitError> {
    let mut walk = handle.revwalk()?;
    walk.set_sorting(Sort::TOPOLOGICAL | Sort::REVERSE)?;
    walk.push(tip)?;
    walk.hide(other)?;
    Ok(walk.collect::<Result<Vec<_>, _>>()?)
}

/// Returns whether a shallow clone lacks the parents of a commit.
fn lacks_parents(handle: &git2::Repository, id: Oid) -> Result<bool, GitError> {
    let commit = handle.find_commit(id)?;
    // The stored object still names the parents that git hides at the end of a shallow clone.
    let stored = commit.raw_header_bytes().split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"parent "));
    Ok(stored.count() != commit.parent_count())
}

fn change(delta: &git2::DiffDelta<'_>) -> EntryChange {
    let (old, new) = (delta.old_file(), delta.new_file());
    let path = new.path_bytes().or(old.path_bytes()).unwrap_or_default();
    let mode = |file: &git2::DiffFile<'_>| match file.mode() {
        FileMode::Unreadable => None,
        FileMode::BlobExecutable => Some(EntryMode::Executable),
        FileMode::Link => Some(EntryMode::Link),
        FileMode::Commit => Some(EntryMode::Submodule),
        FileMode::Tree | FileMode::Blob | FileMode::BlobGroupWritable => Some(EntryMode::File),
    };
    EntryChange { path: String::from_utf8_lossy(path).into_owned(), before: mode(&old), after: mode(&new) }
}
