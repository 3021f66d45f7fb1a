//! The author and committer of commits, from git's settings and the variables `GIT_AUTHOR_*` and `GIT_COMMITTER_*`.
//!
//! The `git` program determines both, because it has many rules for them.

use std::path::Path;

use git2::{Signature, Time};

use crate::commit::error::CommitError;
use crate::commit::git_command;
use crate::commit::workspace::Workspace;

/// The author of a commit, and its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The author as `Name <address>`.
    pub name: String,
    /// The time in seconds since 1970.
    pub seconds: i64,
}

/// Returns the author of a new commit.
///
/// # Errors
/// Returns [`CommitError::Identity`] if git does not know the name or the address of the user.
pub fn author(folder: &Path) -> Result<Author, CommitError> {
    let author = author_signature(&Workspace::open(folder)?)?;
    let name = format!("{} <{}>", author.name()?, author.email()?);
    Ok(Author { name, seconds: author.when().seconds() })
}

/// Returns the author of a new commit, in the form that libgit2 needs.
pub(super) fn author_signature(workspace: &Workspace) -> Result<Signature<'static>, CommitError> {
    identity(workspace, "GIT_AUTHOR_IDENT")
}

/// Returns the committer of a new commit, in the form that libgit2 needs.
pub(super) fn committer_signature(workspace: &Workspace) -> Result<Signature<'static>, CommitError> {
    identity(workspace, "GIT_COMMITTER_IDENT")
}

fn identity(workspace: &Workspace, variable: &str) -> Result<Signature<'static>, CommitError> {
    let result = git_command::output(&mut git_command::in_folder(workspace.folder(), &["var", variable]))?;
    let text = String::from_utf8_lossy(&result.stdout);
    let signature = result.status.success().then(|| parse(text.trim_end())).flatten();
    signature.ok_or_else(|| CommitError::Identity(git_command::combined_output(&result)))
}

/// Parses `Name <address> SECONDS +HHMM`.
fn parse(text: &str) -> Option<Signature<'static>> {
    let (who, when) = text.rsplit_once("> ")?;
    let (name, address) = who.split_once(" <")?;
    let (seconds, zone) = when.split_once(' ')?;
    let zone: i32 = zone.parse().ok()?;
    let offset_minutes = zone / 100 * 60 + zone % 100;
    Signature::new(name, address, &Time::new(seconds.parse().ok()?, offset_minutes)).ok()
}
