//! Why there is no commit, and what to do about it.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// A commit that was not made. Nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Nothing to write to.
    #[error("`{}` is not in a git repository: make one with `git init`", .0.display())]
    NoRepository(PathBuf),
    /// It has something that libgit2 does not know, or belongs to somebody else.
    #[error("cannot open the git repository of `{}`: {}", .place.display(), .error.message())]
    Repository {
        /// What was to be opened.
        place: PathBuf,
        /// Why it failed.
        error: git2::Error,
    },
    /// Reading or writing objects and references failed.
    #[error("git cannot do that: {}", .0.message())]
    Git(#[from] git2::Error),
    /// A file could not be read or written.
    #[error("cannot use `{}`: {error}", .path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why it failed.
        error: io::Error,
    },
    /// It is asked for who commits, and runs the hooks.
    #[error("cannot run `{program}`: {error}; is it installed?")]
    Program {
        /// Its name.
        program: String,
        /// Why it failed.
        error: io::Error,
    },
    /// The `git` program refused.
    #[error("`git {command}` failed: {output}")]
    Refused {
        /// Its arguments.
        command: String,
        /// What it said.
        output: String,
    },
    /// Git does not know who commits.
    #[error("git does not know who you are: set `user.name` and `user.email` with `git config`\n{0}")]
    Identity(String),
    /// No branch is checked out, so none can be meant.
    #[error("no branch is checked out here: name the branch that the commit is for, or check one out")]
    Detached,
    /// The branch is not there.
    #[error("there is no branch `{0}` in this repository: see `git branch`")]
    NoBranch(String),
    /// There is nothing to build on.
    #[error("branch `{0}` has no commits yet: make the first one with `git commit`")]
    NoCommits(String),
    /// Its files there would not follow.
    #[error("branch `{branch}` is checked out in `{}`: run this there", .worktree.display())]
    Elsewhere {
        /// The branch.
        branch: String,
        /// The other worktree's folder.
        worktree: PathBuf,
    },
    /// A merge or the like would be disturbed.
    #[error("a {what} is in progress in `{}`: finish or abort it first", .worktree.display())]
    Busy {
        /// What it is.
        what: &'static str,
        /// Where.
        worktree: PathBuf,
    },
    /// The person has work in the file.
    #[error("`{0}` has changes that are not committed: commit them or put them away with `git stash`, and try again")]
    Dirty(String),
    /// Writing there would write somewhere else.
    #[error("`{0}` is, or is below, a link: put a file there instead")]
    Link(String),
    /// A path that git would not take.
    #[error("`{0}` cannot be the path of a file in the repository")]
    Path(String),
    /// A commit says what it does.
    #[error("the commit message is empty: a `commit-msg` hook has removed all of it")]
    NoMessage,
    /// A hook said no.
    #[error("the `{hook}` hook refused the commit: satisfy it, or skip the hooks\n{output}")]
    Hook {
        /// Its name.
        hook: &'static str,
        /// What it said.
        output: String,
    },
    /// A hook made something else of it.
    #[error("the `pre-commit` hook changed the files to be committed: make them as it wants them, or skip the hooks")]
    HookChanged,
    /// Git's settings ask for a signature.
    #[error("cannot sign the commit: {0}; `commit.gpgsign` asks for it")]
    Signing(String),
    /// No commit, and no signature.
    #[error("{0}")]
    NoSignature(String),
    /// Somebody else has a lock, or has left it behind.
    #[error(
        "`{}` has been there for {waited:?}: another git process is writing; \
         if none is running, one was killed: remove the file and try again",
        .lock.display()
    )]
    Locked {
        /// The lock's file.
        lock: PathBuf,
        /// How long was waited.
        waited: Duration,
    },
    /// Others are always faster.
    #[error("branch `{branch}` was moved by others for {waited:?}, {tries} times before it could be: try again")]
    Contended {
        /// The branch.
        branch: String,
        /// How long was waited.
        waited: Duration,
        /// How often it was tried.
        tries: u32,
    },
    /// Another flagctl is at work in the same repository.
    #[error("another flagctl has been writing to this repository for {0:?}: wait until it is done")]
    Occupied(Duration),
    /// The remote has nothing to build on.
    #[error("`{remote}` has no branch `{branch}`: push it first with `git push {remote} {branch}`")]
    NoRemoteBranch {
        /// The remote's name.
        remote: String,
        /// The branch.
        branch: String,
    },
    /// What was to be changed cannot be.
    #[error(transparent)]
    Apply(Box<dyn Error + Send + Sync>),
}

impl CommitError {
    /// Of a signature that is not of a commit.
    pub(super) fn unasked(self) -> Self {
        match self {
            Self::Signing(why) => Self::NoSignature(why),
            other => other,
        }
    }

    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |error| Self::Io { path, error }
    }
}
