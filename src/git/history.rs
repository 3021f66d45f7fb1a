//! The metadata of a commit, and the walk from a commit to its first parents.

use std::sync::Arc;

use git2::Oid;

use crate::git::error::{CloneDepth, GitError};
use crate::git::rev_parse::abbreviated;
use crate::git::revision::Revision;

/// The author, time and message of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitDetails {
    /// The full id.
    pub commit: String,
    /// The author as `Name <address>`.
    pub author: String,
    /// The committer's time, in seconds since 1970.
    pub seconds: i64,
    /// The first line of the message.
    pub subject: String,
    /// The trailers of the message, which are names and values at its end, as `git interpret-trailers` finds them.
    pub trailers: Vec<(String, String)>,
}

impl CommitDetails {
    /// Returns the values of all trailers with a name. The comparison of names ignores case.
    pub fn trailers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.trailers.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str())
    }
}

/// The relation of a commit to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitRelation {
    /// Both are the same commit.
    Same,
    /// The commit was made on top of the other one, directly or indirectly.
    Descendant,
    /// The other commit was made on top of it.
    Ancestor,
    /// Neither was made on top of the other one.
    Diverged,
}

impl Revision {
    /// Returns the relation of the commit to the commit with another full id.
    ///
    /// # Errors
    /// Returns [`GitError::UnknownOrder`] if the clone lacks the commits that are needed to find the relation.
    pub fn relation_to(&self, commit: &str) -> Result<CommitRelation, GitError> {
        self.repository.handles.with(|handle| {
            let depth = CloneDepth::of_repository(handle);
            let unknown = || GitError::UnknownOrder { commit: commit.to_owned(), depth };
            let other = Oid::from_str_ext(commit, self.commit.object_format()).map_err(|_| unknown())?;
            if other == self.commit {
                return Ok(CommitRelation::Same);
            }
            if handle.find_commit(other).is_err() {
                return Err(unknown());
            }
            if handle.graph_descendant_of(self.commit, other)? {
                Ok(CommitRelation::Descendant)
            } else if handle.graph_descendant_of(other, self.commit)? {
                Ok(CommitRelation::Ancestor)
            } else if depth == CloneDepth::Shallow {
                Err(unknown())
            } else {
                Ok(CommitRelation::Diverged)
            }
        })
    }

    /// Returns the number of commits that this commit contains and the commit with another full id does not.
    ///
    /// # Errors
    /// Returns [`GitError`] if the clone lacks commits that are needed to count.
    pub fn commits_ahead_of(&self, commit: &str) -> Result<usize, GitError> {
        self.repository.handles.with(|handle| {
            let other = Oid::from_str_ext(commit, self.commit.object_format())?;
            Ok(handle.graph_ahead_behind(self.commit, other)?.0)
        })
    }

    /// Returns the same folder at the commit's first parent, or `None` if the commit has no parent, or if a shallow
    /// clone does not contain it.
    ///
    /// # Errors
    /// Returns [`GitError`] if the parent cannot be read.
    pub fn parent(&self) -> Result<Option<Self>, GitError> {
        let Some(parent) = self.first_parent else { return Ok(None) };
        self.repository.handles.with(|handle| {
            let revision = Self::new(Arc::clone(&self.repository), abbreviated(parent), &handle.find_commit(parent)?);
            Ok(Some(revision.in_folder(self.folder.clone())))
        })
    }

    /// Returns whether the commit has parents that this clone does not contain.
    ///
    /// # Errors
    /// Returns [`GitError`] if the commit cannot be read.
    pub fn depth(&self) -> Result<CloneDepth, GitError> {
        self.repository.handles.with(|handle| {
            let commit = handle.find_commit(self.commit)?;
            // The stored object still names the parents that git hides at the end of a shallow clone.
            let mut header = commit.raw_header_bytes().split(|byte| *byte == b'\n');
            let has_parent = header.any(|line| line.starts_with(b"parent "));
            Ok(if has_parent && commit.parent_count() == 0 { CloneDepth::Shallow } else { CloneDepth::Full })
        })
    }

    /// Reads the author, time and message of the commit.
    ///
    /// # Errors
    /// Returns [`GitError`] if the commit cannot be read.
    pub fn details(&self) -> Result<CommitDetails, GitError> {
        self.repository.handles.with(|handle| {
            let commit = handle.find_commit(self.commit)?;
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let author = commit.author();
            let message = text(commit.message_bytes());
            // libgit2 fails only on a message with a NUL byte; its trailers are ignored.
            let trailers = git2::message_trailers_strs(&message).map_or_else(
                |_| Vec::new(),
                |found| found.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            );
            Ok(CommitDetails {
                commit: self.commit(),
                author: format!("{} <{}>", text(author.name_bytes()), text(author.email_bytes())),
                seconds: commit.time().seconds(),
                subject: message.lines().next().unwrap_or_default().to_owned(),
                trailers,
            })
        })
    }
}
