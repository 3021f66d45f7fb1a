//! The errors of reading a git repository or a revision, each with advice.

use std::path::PathBuf;

use crate::tree::TreeError;

/// A git repository cannot be read, or a revision does not exist in it.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// Neither the folder nor a folder above it is a git repository.
    #[error("`{}` is not in a git repository; run flagctl in one, or name one with `-C`", .0.display())]
    NoRepository(PathBuf),
    /// The repository belongs to another user, and git does not trust it.
    #[error(
        "the git repository `{}` belongs to another user; if you trust it, run \
         `git config --global --add safe.directory {}`",
        .0.display(), .0.display()
    )]
    Foreign(PathBuf),
    /// The repository uses an extension of git's format that libgit2 does not support.
    #[error("the git repository of `{}` uses {extension}, which flagctl cannot read; {help}", .folder.display())]
    Unsupported {
        /// The folder from which the repository was searched.
        folder: PathBuf,
        /// The name of the extension, or the message of libgit2.
        extension: String,
        /// The advice.
        help: &'static str,
    },
    /// The branch that `HEAD` names has no commits.
    #[error("the git repository has no commits yet on {0}; make the first one with `git commit`")]
    NoCommits(String),
    /// A file or folder of git's objects or references cannot be read, so a revision may exist and not be found.
    #[error("cannot read `{}` of the git repository: {error}; check its owner and permissions", .path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// The error of reading it.
        error: std::io::Error,
    },
    /// The text is not a reference, an id or an expression that git resolves.
    #[error("`{rev}` is not a revision")]
    Unknown {
        /// The revision as it was written.
        rev: String,
        /// The names of all branches and tags.
        names: Vec<String>,
        /// The names of all remotes.
        remotes: Vec<String>,
        /// Whether the repository has the complete history.
        depth: CloneDepth,
    },
    /// The first part of an expression exists, but the revision that is relative to it does not.
    #[error(
        "`{tip}` exists, but `{rev}` does not; \
         `git log {tip}`, `git reflog {tip}` and `git branch -vv` list what can be named relative to it"
    )]
    UnknownRelative {
        /// The revision as it was written.
        rev: String,
        /// The part of the revision that exists.
        tip: String,
    },
    /// The history of a shallow clone ends before the revision.
    #[error(
        "`{rev}` is beyond the history of this shallow clone; \
         `git fetch --unshallow` fetches all of it, `git fetch --deepen=50` fetches 50 more commits"
    )]
    BeyondShallow {
        /// The revision as it was written.
        rev: String,
    },
    /// Two histories have no common commit.
    #[error("`{base}` and `{tip}` have no common commit; `{base}..{tip}` compares them as they are")]
    NoCommonAncestor {
        /// The name of the first revision.
        base: String,
        /// The name of the second revision.
        tip: String,
    },
    /// Two histories have no common commit within a shallow clone.
    #[error(
        "the history of this shallow clone ends before a common commit of `{base}` and `{tip}`; \
         `git fetch --unshallow` fetches all of it, `git fetch --deepen=50` fetches 50 more commits"
    )]
    NoCommonAncestorInShallow {
        /// The name of the first revision.
        base: String,
        /// The name of the second revision.
        tip: String,
    },
    /// A shallow clone ends before the commits that are needed to find the commits of a range.
    #[error(
        "the history of this shallow clone is too short to know which commits `{tip}` has and `{base}` lacks; \
         `git fetch --unshallow` fetches all of it"
    )]
    ShallowRange {
        /// The name of the first revision.
        base: String,
        /// The name of the second revision.
        tip: String,
    },
    /// A time is before the first commit of a history.
    #[error("the history of `{tip}` begins at {first}, after {time}; name a later time")]
    BeforeHistory {
        /// The revision at which the search of the history started.
        tip: String,
        /// The time of its first commit.
        first: String,
        /// The requested time.
        time: String,
    },
    /// Several commits have ids with the same beginning.
    #[error("`{prefix}` is the beginning of several commit ids, {}; write more digits", .candidates.join(", "))]
    Ambiguous {
        /// The beginning of the ids as it was written.
        prefix: String,
        /// The abbreviated id of each commit, with its date.
        candidates: Vec<String>,
    },
    /// A name stands for several references, or for a reference and a commit.
    #[error("`{name}` is ambiguous: it is {}; write the one that you mean", .meanings.join(" and "))]
    AmbiguousName {
        /// The name as it was written.
        name: String,
        /// The complete name of each reference, and the id of the commit.
        meanings: Vec<String>,
    },
    /// The revision names an object that is not a commit.
    #[error("`{rev}` is a {kind}, not a commit; write the name of a branch, tag or commit")]
    NotACommit {
        /// The revision as it was written.
        rev: String,
        /// The kind of the object.
        kind: &'static str,
    },
    /// The index has entries for whole folders, which libgit2 cannot read.
    #[error(
        "`{}` has a sparse index, which flagctl cannot read; \
         `git sparse-checkout reapply --no-sparse-index` expands it and keeps the sparse checkout",
        .0.display()
    )]
    SparseIndex(PathBuf),
    /// A folder of definitions cannot be listed completely.
    #[error(transparent)]
    Folder(#[from] TreeError),
    /// A partial clone has the commit, but lacks some of its objects.
    #[error(
        "this partial clone does not have some of the files of {rev}; \
         `git fetch --refetch --no-filter` fetches them"
    )]
    Partial {
        /// The revision's name.
        rev: String,
    },
    /// The clone lacks the commits that are needed to order two commits.
    #[error("this clone does not have {commit} or the commits between, so it cannot say which is newer; {}", match .depth {
        CloneDepth::Full => "`git fetch origin 'refs/heads/*:refs/remotes/origin/*'` fetches all branches",
        CloneDepth::Shallow => "run `git fetch --unshallow`, or check out with the whole history",
    })]
    UnknownOrder {
        /// The id of the other commit.
        commit: String,
        /// Whether the clone has the complete history.
        depth: CloneDepth,
    },
    /// The `git` program, which merges, cannot be started.
    #[error("cannot run `git`: {0}; is it installed?")]
    NoGit(std::io::Error),
    /// The `git` program is too old for a merge.
    #[error("a merge needs git {needed} or newer, and this is git {found}")]
    OldGit {
        /// The oldest version that can merge.
        needed: &'static str,
        /// The installed version.
        found: String,
    },
    /// A temporary folder for a merge cannot be written.
    #[error("cannot write to the folder for temporary files: {0}")]
    Temporary(std::io::Error),
    /// Git could not merge, and the reason is not a conflict. The value is its message.
    #[error("`git merge-tree` failed: {0}")]
    MergeFailed(String),
    /// Any other error of libgit2.
    #[error("cannot read the git repository: {0}")]
    Other(#[from] git2::Error),
}

/// Whether a clone has the complete history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloneDepth {
    /// The clone has all commits.
    Full,
    /// The clone has only the newest commits.
    Shallow,
}

impl CloneDepth {
    /// Finds out whether a repository is a shallow clone.
    pub(super) fn of_repository(repository: &git2::Repository) -> Self {
        if repository.is_shallow() { Self::Shallow } else { Self::Full }
    }
}
