//! Why definitions could not be read at all, each with what to do about it.

use std::io;
use std::path::PathBuf;

use crate::snapshot::PROJECT_FILE;

/// Definitions could not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// No folder from there up to the root has a [`PROJECT_FILE`].
    #[error("no `{PROJECT_FILE}` in `{}` or any folder above it", .0.display())]
    NoProject(PathBuf),
    /// The operating system refused.
    #[error("cannot read `{}`: {error}", .path.display())]
    Io {
        /// What was being read.
        path: PathBuf,
        /// Why it failed.
        error: io::Error,
    },
    /// A revision cannot be read.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// A git repository cannot be read, or has no such revision.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// Neither the folder nor one above it is a repository.
    #[error("`{}` lies in no git repository, so there are no revisions to read; start in one, or name it with `-C`", .0.display())]
    NoRepository(PathBuf),
    /// Git reads only what belongs to oneself.
    #[error(
        "the git repository `{}` belongs to another user; where you trust it, \
         `git config --global --add safe.directory {}` lets it be read",
        .0.display(), .0.display()
    )]
    Foreign(PathBuf),
    /// The repository uses an extension of git's format that cannot be read.
    #[error("the git repository of `{}` uses {extension}, which flagctl cannot read; {help}", .folder.display())]
    Unsupported {
        /// Where it was looked for.
        folder: PathBuf,
        /// The extension's name or what else is new.
        extension: String,
        /// What to do.
        help: &'static str,
    },
    /// Nothing was ever committed to the branch that `HEAD` names.
    #[error("the git repository has no commits yet on {0}; the first `git commit` makes a revision that can be read")]
    NoCommits(String),
    /// No reference, id or expression that git knows.
    #[error("there is no revision `{rev}`")]
    Unknown {
        /// As it was written.
        rev: String,
        /// The names of branches and tags.
        names: Vec<String>,
        /// How much of the history the repository has.
        depth: Depth,
    },
    /// A revision is known, and what is said to be found from there is not.
    #[error(
        "`{tip}` is there, and `{rev}` is not; `git log {tip}`, `git reflog {tip}` and `git branch -vv` show what can be named from it"
    )]
    NotThere {
        /// As it was written.
        rev: String,
        /// What is known.
        tip: String,
    },
    /// The history ends before the revision.
    #[error(
        "`{rev}` lies beyond the history of this shallow clone; \
         `git fetch --unshallow` fetches all of it, `git fetch --deepen=N` N commits more"
    )]
    BeyondShallow {
        /// As it was written.
        rev: String,
    },
    /// Two histories have nothing in common.
    #[error("`{one}` and `{other}` have no commit in common; `{one}..{other}` compares them as they are")]
    NoCommonAncestor {
        /// The name of one.
        one: String,
        /// The name of the other.
        other: String,
    },
    /// What two histories have in common lies beyond what was fetched.
    #[error(
        "the history of this shallow clone ends before `{one}` and `{other}` meet; \
         `git fetch --unshallow` fetches all of it, `git fetch --deepen=N` N commits more"
    )]
    ApartInShallow {
        /// The name of one.
        one: String,
        /// The name of the other.
        other: String,
    },
    /// The history begins later.
    #[error("the history of `{tip}` begins at {first}, after {moment}; name a later moment")]
    BeforeHistory {
        /// The revision whose history was followed.
        tip: String,
        /// The moment of its first commit.
        first: String,
        /// The moment asked for.
        moment: String,
    },
    /// Several commits have ids that begin so.
    #[error("`{prefix}` is the beginning of several commits' ids, {}; write more of it", .candidates.join(", "))]
    Ambiguous {
        /// As it was written.
        prefix: String,
        /// Enough of each id, with its day.
        candidates: Vec<String>,
    },
    /// It names something else.
    #[error("`{rev}` names a {kind}, not a commit; write the name of a branch, tag or commit")]
    NotACommit {
        /// As it was written.
        rev: String,
        /// What it names.
        kind: String,
    },
    /// The revision is no flag repository.
    #[error("there is no `{path}` at {rev}{help}")]
    NoProject {
        /// Where it was looked for, from the git repository's root.
        path: String,
        /// The revision's name.
        rev: String,
        /// Where there is one, and how to read it.
        help: String,
    },
    /// A link in the revision leads to nothing that the revision has.
    #[error("`{rev}:{path}` is a link that leads nowhere in that revision")]
    DeadLink {
        /// The revision's name.
        rev: String,
        /// The link, from the git repository's root.
        path: String,
    },
    /// The clone has the commit and not everything in it.
    #[error(
        "this partial clone was made without some of the files of {rev}; \
         `git fetch --refetch --no-filter` fetches what it lacks"
    )]
    Partial {
        /// The revision's name.
        rev: String,
    },
    /// Two commits cannot be put in order.
    #[error("this clone does not have {commit} or what lies between, so it cannot say which is newer; {}", match .depth {
        Depth::Full => "`git fetch` the branch that it is on",
        Depth::Shallow => "`git fetch --unshallow`, or check out with the whole history",
    })]
    Apart {
        /// The other commit.
        commit: String,
        /// How much of the history the clone has.
        depth: Depth,
    },
    /// Whatever else libgit2 says.
    #[error("cannot read the git repository: {0}")]
    Other(#[from] git2::Error),
}

/// How much of its history a repository has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// All of it.
    Full,
    /// The last commits only.
    Shallow,
}
