//! From a commit to those before it.

use std::sync::Arc;

use git2::{Oid, StatusOptions};

use crate::source::rev_parse::short;
use crate::source::tree_cache::Kind;
use crate::source::{Depth, GitError, Revision};

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

/// How a commit stands to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kinship {
    /// It is the other one.
    Same,
    /// It was made on top of the other one, directly or not.
    Descendant,
    /// The other one was made on top of it.
    Ancestor,
    /// Neither was.
    Apart,
}

impl Revision {
    /// How the commit stands to another one, given by its full id.
    ///
    /// # Errors
    /// [`GitError::Apart`] if the clone has too little of the history to say.
    pub fn kinship(&self, other: &str) -> Result<Kinship, GitError> {
        self.repository.with(|handle| {
            let shallow = || if handle.is_shallow() { Depth::Shallow } else { Depth::Full };
            let unknown = || GitError::Apart { commit: other.to_owned(), depth: shallow() };
            let other = Oid::from_str_ext(other, self.commit.object_format()).map_err(|_| unknown())?;
            if other == self.commit {
                return Ok(Kinship::Same);
            }
            if handle.find_commit(other).is_err() {
                return Err(unknown());
            }
            if handle.graph_descendant_of(self.commit, other)? {
                Ok(Kinship::Descendant)
            } else if handle.graph_descendant_of(other, self.commit)? {
                Ok(Kinship::Ancestor)
            } else if handle.is_shallow() {
                Err(unknown())
            } else {
                Ok(Kinship::Apart)
            }
        })
    }

    /// The paths of files in the working tree that are not as committed, new ones included; none in a bare
    /// repository. `places` are files and folders of the flag repository.
    ///
    /// # Errors
    /// [`GitError`] if the working tree cannot be compared.
    pub fn uncommitted(&self, places: &[&str]) -> Result<Vec<String>, GitError> {
        self.repository.with(|handle| {
            if handle.is_bare() {
                return Ok(Vec::new());
            }
            let mut options = StatusOptions::new();
            options.include_untracked(true).recurse_untracked_dirs(true).disable_pathspec_match(true);
            for place in places {
                options.pathspec(format!("{}{place}", self.prefix()));
            }
            let statuses = handle.statuses(Some(&mut options))?;
            Ok(statuses.iter().map(|entry| String::from_utf8_lossy(entry.path_bytes()).into_owned()).collect())
        })
    }

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
