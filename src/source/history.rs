//! From a commit to those before it.

use std::sync::Arc;

use super::rev::short;
use super::trees::Kind;
use super::{Depth, GitError, Revision};

/// Who made a commit, when, and what it says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The full id.
    pub commit: String,
    /// `Name <address>`.
    pub author: String,
    /// In seconds since 1970, by the committer's clock.
    pub seconds: i64,
    /// The first line of the message.
    pub subject: String,
    /// Names and values at the end of the message, as `git interpret-trailers` finds them.
    pub trailers: Vec<(String, String)>,
}

impl About {
    /// The values of the trailers of that name, which has no case.
    pub fn trailers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.trailers.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str())
    }
}

impl Revision {
    /// The flag repository as it was before the commit: at its first parent, if it has one that is here.
    ///
    /// # Errors
    /// [`GitError`] if the commit cannot be read.
    pub fn parent(&self) -> Result<Option<Self>, GitError> {
        let Some(parent) = self.parent else { return Ok(None) };
        self.repository.with(|handle| {
            let revision = Self::new(Arc::clone(&self.repository), short(parent), &handle.find_commit(parent)?);
            Ok(Some(revision.below(self.folder.clone())))
        })
    }

    /// Whether this clone lacks what the commit was made on.
    ///
    /// # Errors
    /// [`GitError`] if the commit cannot be read.
    pub fn depth(&self) -> Result<Depth, GitError> {
        self.repository.with(|handle| {
            let commit = handle.find_commit(self.commit)?;
            // The object itself still names the parents that git takes away where a shallow clone ends.
            let named = commit.raw_header_bytes().split(|byte| *byte == b'\n').any(|line| line.starts_with(b"parent "));
            Ok(if named && commit.parent_count() == 0 { Depth::Shallow } else { Depth::Full })
        })
    }

    /// Who made the commit, when, and what it says about itself.
    ///
    /// # Errors
    /// [`GitError`] if the commit cannot be read.
    pub fn about(&self) -> Result<About, GitError> {
        self.repository.with(|handle| {
            let commit = handle.find_commit(self.commit)?;
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let author = commit.author();
            let message = text(commit.message_bytes());
            // Only a message with a NUL cannot be asked for trailers, and nothing of use is in one.
            let trailers = git2::message_trailers_strs(&message).map_or_else(
                |_| Vec::new(),
                |found| found.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            );
            Ok(About {
                commit: self.commit(),
                author: format!("{} <{}>", text(author.name_bytes()), text(author.email_bytes())),
                seconds: commit.time().seconds(),
                subject: message.lines().next().unwrap_or_default().to_owned(),
                trailers,
            })
        })
    }

    /// What tells one version of a file from another; none if there is no file at that path.
    ///
    /// # Errors
    /// [`GitError`] if a folder on the way cannot be read.
    pub fn version(&self, path: &str) -> Result<Option<String>, GitError> {
        let found = self.find(path)?.filter(|entry| entry.kind == Kind::File);
        Ok(found.map(|entry| entry.id.to_string()))
    }
}
