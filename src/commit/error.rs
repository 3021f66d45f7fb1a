//! The errors of commits, each with advice.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// The reason why a commit was not made. Nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Neither the folder nor a folder above it is a git repository.
    #[error("`{}` is not in a git repository; create one with `git init`", .0.display())]
    NoRepository(PathBuf),
    /// The repository belongs to another user, or uses a feature that libgit2 does not support.
    #[error("cannot open the git repository of `{}`: {}", .folder.display(), .error.message())]
    Repository {
        /// The folder from which the repository was searched.
        folder: PathBuf,
        /// The error of libgit2.
        error: git2::Error,
    },
    /// Git does not use the bare repository.
    #[error(
        "{0}\nwrite from a clone, or, if you trust all bare repositories below the folders in which you work, run \
         `git config --global safe.bareRepository all`"
    )]
    UnsafeBareRepository(String),
    /// The branch is not at the commit at which the change was decided.
    #[error("the branch was changed in the meantime")]
    Moved,
    /// An object or reference cannot be read or written.
    #[error("cannot write to the git repository: {}", .0.message())]
    Git(#[from] git2::Error),
    /// A file cannot be read or written.
    #[error("cannot use `{}`: {error}", .path.display())]
    Io {
        /// The path of the file.
        path: PathBuf,
        /// The error of the operating system.
        error: io::Error,
    },
    /// A program cannot be started.
    #[error("cannot run `{program}`: {error}; is it installed?")]
    Program {
        /// The name of the program.
        program: String,
        /// The error of the operating system.
        error: io::Error,
    },
    /// The `git` program failed.
    #[error("`git {command}` failed: {output}")]
    Refused {
        /// The arguments.
        command: String,
        /// The output of git.
        output: String,
    },
    /// Git does not know the user's name or address.
    #[error("git does not know who you are: set `user.name` and `user.email` with `git config`\n{0}")]
    Identity(String),
    /// The caller names no branch, and no branch is checked out.
    #[error("no branch is checked out; name one with `--branch`, or run `git switch BRANCH`")]
    Detached,
    /// The branch does not exist.
    #[error("`{0}` is not a branch of this repository; `git branch` lists the branches")]
    NoBranch(String),
    /// The branch has no commits.
    #[error("branch `{0}` has no commits yet; make the first one with `git commit`")]
    NoCommits(String),
    /// The branch is checked out in another worktree, and the commit would not update the files of that worktree.
    #[error("branch `{branch}` is checked out in `{}`; run this there", .worktree.display())]
    Elsewhere {
        /// The branch.
        branch: String,
        /// The folder of the other worktree.
        worktree: PathBuf,
    },
    /// A merge, a rebase or a similar operation is in progress.
    #[error("a {operation} is in progress in `{}`; finish it or abort it first", .worktree.display())]
    Busy {
        /// The name of the operation.
        operation: &'static str,
        /// The folder of the working tree.
        worktree: PathBuf,
    },
    /// The user has changed a file that the commit changes.
    #[error(
        "`{0}` has uncommitted changes; commit them or put them away with `git stash push --all -- {word}`, then try again",
        word = shell_word(.0)
    )]
    Dirty(String),
    /// A path leads through a link, so a write would change a file at another path.
    #[error("`{0}` is a link, or is below a link; replace the link with a file or folder")]
    Link(String),
    /// A folder is at the path of a file.
    #[error("`{0}` is a folder, expected a file; remove it with `git rm -r {word}` and commit first", word = shell_word(.0))]
    Folder(String),
    /// Git does not accept the path.
    #[error("`{0}` cannot be the path of a file in the repository")]
    Path(String),
    /// A hook removed the message.
    #[error("the commit message is empty, because the `commit-msg` hook removed all of it")]
    NoMessage,
    /// A hook failed.
    #[error(
        "the `{hook}` hook refused the commit; correct what it reports, or skip the hooks with `--no-verify`\n{output}"
    )]
    Hook {
        /// The name of the hook.
        hook: &'static str,
        /// The output of the hook.
        output: String,
    },
    /// A hook changed the files of the commit.
    #[error(
        "the `pre-commit` hook changed the files to be committed; commit them as the hook wants them, or skip the hooks \
         with `--no-verify`"
    )]
    HookChanged,
    /// Git's settings require a signature, but signing failed.
    #[error("cannot sign the commit: {0}; `commit.gpgsign` requires a signature")]
    CommitSignature(String),
    /// A text other than a commit cannot be signed.
    #[error("{0}")]
    TextSignature(String),
    /// Another process holds git's lock, or was killed and left the lock.
    #[error(
        "`{}` is locked for more than {waited:?}: another git process is writing; \
         if none is running, remove that file and try again",
        .lock.display()
    )]
    Locked {
        /// The path of the lock.
        lock: PathBuf,
        /// The total duration of the pauses.
        waited: Duration,
    },
    /// Other processes moved the branch at each attempt.
    #[error("other processes moved branch `{branch}` during each of {attempts} attempts in {waited:?}; try again")]
    Contended {
        /// The branch.
        branch: String,
        /// The total duration of the pauses.
        waited: Duration,
        /// The number of attempts.
        attempts: u32,
    },
    /// Another flagctl writes to the repository.
    #[error("another flagctl has been writing to this repository for {0:?}; try again when it is done")]
    Occupied(Duration),
    /// The server refused the push.
    #[error("`{remote}` refused the push to `{branch}`: {output}")]
    PushRefused {
        /// The name of the remote.
        remote: String,
        /// The branch.
        branch: String,
        /// The reason of the server, and the output of git.
        output: String,
    },
    /// The local hook `pre-push` refused the push.
    #[error(
        "the `pre-push` hook refused the push; correct what it reports, or skip the hooks with `--no-verify`\n{output}"
    )]
    PrePush {
        /// The output of git and of the hook.
        output: String,
    },
    /// The branch exists in this clone, and does not exist at the remote.
    #[error("`{remote}` has no branch `{branch}`, and this clone has; push it first with `git push {remote} {branch}`")]
    Unpublished {
        /// The name of the remote.
        remote: String,
        /// The branch.
        branch: String,
    },
    /// The branch does not exist at the remote, and the remote has no default branch.
    #[error("`{remote}` has no branch `{branch}`, and no default branch from which flagctl could make it")]
    NoRemoteBranch {
        /// The name of the remote.
        remote: String,
        /// The branch.
        branch: String,
    },
    /// The caller's function cannot make its changes.
    #[error(transparent)]
    Apply(Box<dyn Error + Send + Sync>),
}

/// Returns a path as one word for a shell.
fn shell_word(path: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte);
    if path.bytes().all(is_plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

impl CommitError {
    /// Returns the error for a signature of a text that is not a commit.
    pub(super) fn for_text(self) -> Self {
        match self {
            Self::CommitSignature(why) => Self::TextSignature(why),
            error => error,
        }
    }

    /// Returns a function that turns an error of the operating system into a [`CommitError::Io`] about a path.
    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |error| Self::Io { path, error }
    }
}
