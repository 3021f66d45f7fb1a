//! Commits made beside the person's work, not through it.
//!
//! Takes a place in a repository, a branch and a function from the branch's files to changes of them; gives one
//! commit on top of that branch. It is built from objects, and the branch moves by compare-and-swap: whoever
//! loses a race is given the new files and asked again, so that an edit always applies to what is there.
//!
//! **Invariant:** the only writer of git, and of the working tree.
//! **Invariant:** what the person has changed, staged or stashed is neither committed nor touched. The working
//! tree and the index follow only in the files of the commit, and only where those are as committed.
//! **Invariant:** who commits, how it is signed and what it must pass are git's own settings, asked of git.

mod branch;
mod changeset;
mod commit_object;
mod error;
mod git_command;
mod hooks;
mod lock;
mod message;
mod push;
mod retry;
mod sign;
mod worktree;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use crate::commit::changeset::{Changes, Tree};
pub use crate::commit::error::CommitError;
pub use crate::commit::message::Message;
pub use crate::commit::push::{Local, Pushed, push, remote_tip};

use crate::commit::branch::{Branch, Checkout};
use crate::commit::changeset::Plan;
use crate::commit::commit_object::Writer;
use crate::commit::git_command::Kind;
use crate::commit::lock::RepositoryLock;
use crate::commit::retry::{AttemptError, Patience};
use crate::commit::sign::Signer;
use crate::commit::worktree::Worktree;

/// How long a commit waits for others in all before it gives up.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Where a commit goes.
#[derive(Debug, Clone, Copy)]
pub struct Request<'r> {
    /// A folder in a repository's working tree, or a bare repository. Paths are relative to it.
    pub place: &'r Path,
    /// Its name; the branch that is checked out there if none is given.
    pub branch: Option<&'r str>,
    /// Whether git's hooks have a say.
    pub hooks: Hooks,
    /// How long to wait for others in all; [`PATIENCE`] unless there is a reason.
    pub patience: Duration,
}

/// Whether `pre-commit` and `commit-msg` are asked, and `pre-push` when pushing.
///
/// They run in a worktree of their own, that has what is about to be committed and nothing else: a hook that
/// tidies up or stashes finds no work of the person's. What a hook changes in the message is kept, as git does;
/// one that changes files is refused, because then the commit would not be what was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hooks {
    /// They are asked.
    Respect,
    /// They are not.
    Skip,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The branch's name.
    pub branch: String,
    /// The id of the commit that was there before.
    pub base: String,
    /// The id of the new commit; none if there was nothing to change.
    pub commit: Option<String>,
}

/// Who makes commits, as git has it, and the moment that it would write down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// `Name <address>`
    pub name: String,
    /// In seconds since 1970.
    pub seconds: i64,
}

/// Who would be the author of a commit made now.
///
/// # Errors
/// [`CommitError::Identity`] if git does not know.
pub fn author(place: &Path) -> Result<Author, CommitError> {
    let author = commit_object::author(&branch::open(place)?)?;
    let name = format!("{} <{}>", author.name()?, author.email()?);
    Ok(Author { name, seconds: author.when().seconds() })
}

/// A signature of some text with the ssh key that git signs with, for a purpose of its own.
///
/// # Errors
/// [`CommitError`] if there is no such key, or it refuses.
pub fn signature(place: &Path, purpose: &str, text: &str) -> Result<String, CommitError> {
    let signer = Signer::ssh(&branch::open(place)?);
    Ok(signer.and_then(|signer| signer.sign_for(purpose, text)).map_err(CommitError::unasked)? + "\n")
}

/// Where git's settings say that it is written down who may sign what.
///
/// # Errors
/// [`CommitError`] if git cannot be asked.
pub fn allowed_signers(place: &Path) -> Result<Option<PathBuf>, CommitError> {
    let file = git_command::setting(&branch::open(place)?, Kind::Path, "gpg.ssh.allowedSignersFile")?;
    Ok(file.map(|file| place.join(file)))
}

/// The name of the branch that a request would be for.
///
/// # Errors
/// [`CommitError`] if there is none, or if it has no commits.
pub fn branch(place: &Path, name: Option<&str>) -> Result<String, CommitError> {
    Ok(Branch::find(&branch::open(place)?, name)?.name)
}

/// Ends what a process that was killed had begun in the working tree, if there is one: [`write()`] does it too, but not
/// everybody who means to write comes that far.
///
/// # Errors
/// A [`CommitError`] if that cannot be done.
pub fn recover(place: &Path) -> Result<(), CommitError> {
    let site = branch::open(place)?;
    let Some(root) = site.repository.workdir() else { return Ok(()) };
    match Worktree::new(&site, root.to_owned()).recover() {
        Err(AttemptError::Failed(error)) => Err(error),
        // Somebody is at work there, and will be done.
        _ => Ok(()),
    }
}

/// Commits what `apply` makes of the branch's files, and moves the branch.
///
/// `apply` is called again whenever the branch has moved meanwhile.
///
/// # Errors
/// A [`CommitError`]; the branch, the index and the working tree are then as they were.
pub fn write<E>(request: &Request, mut apply: impl FnMut(&Tree) -> Result<Changes, E>) -> Result<Committed, CommitError>
where
    E: Into<Box<dyn Error + Send + Sync>>,
{
    let site = branch::open(request.place)?;
    let branch = Branch::find(&site, request.branch)?;
    let writer = Writer::new(&site, request.hooks)?;
    let mut patience = Patience::new(request.patience);
    loop {
        match attempt(&site, &branch, &writer, &mut apply) {
            Ok(committed) => return Ok(committed),
            Err(AttemptError::Failed(error)) => return Err(error),
            Err(setback) => patience.wait(&branch.name, setback)?,
        }
    }
}

fn attempt<E>(
    site: &branch::Workspace,
    branch: &Branch,
    writer: &Writer,
    apply: &mut impl FnMut(&Tree) -> Result<Changes, E>,
) -> Result<Committed, AttemptError>
where
    E: Into<Box<dyn Error + Send + Sync>>,
{
    let worktree = match branch.checkout(site)? {
        Checkout::Nowhere => None,
        Checkout::Here(root) => Some(Worktree::new(site, root)),
    };
    if let Some(worktree) = &worktree {
        worktree.recover()?;
    }
    let base = branch.tip(site)?;
    let plan = Plan::make(site, base, apply)?;
    let done = |commit: Option<git2::Oid>| Committed {
        branch: branch.name.clone(),
        base: base.to_string(),
        commit: commit.map(|id| id.to_string()),
    };
    if plan.files.is_empty() {
        return Ok(done(None));
    }
    if let Some(worktree) = &worktree {
        worktree.check(branch, &plan)?;
    }
    let commit = writer.commit(site, &plan)?;
    match worktree {
        None => branch.advance(site, &RepositoryLock::enter(site)?, base, &commit)?,
        Some(worktree) => worktree.advance(branch, &plan, &commit)?,
    }
    Ok(done(Some(commit.id)))
}
