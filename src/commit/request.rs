//! What a caller asks for, and what was done.

use std::path::Path;
use std::time::Duration;

/// How long a commit waits for other processes in total before it gives up.
pub const MAX_WAIT: Duration = Duration::from_secs(10);

/// Where a commit goes.
#[derive(Debug, Clone, Copy)]
pub struct Request<'r> {
    /// A folder in a repository's working tree, or a bare repository. Paths are relative to it.
    pub folder: &'r Path,
    /// The branch's name; without one, the branch that is checked out in the working tree.
    pub branch: Option<&'r str>,
    /// Whether git's hooks are run.
    pub hooks: Hooks,
    /// How long to wait for other processes in total; usually [`MAX_WAIT`].
    pub max_wait: Duration,
}

/// Whether the hooks `pre-commit` and `commit-msg` are run, and `pre-push` when pushing.
///
/// They run in a worktree of their own that has only what is about to be committed, so a hook that formats or stashes
/// files cannot touch the user's work. The message may be changed by a hook, as with `git commit`. A hook that changes
/// files is refused, because the commit would not be the one that was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hooks {
    /// They are run.
    Run,
    /// They are skipped.
    Skip,
}

/// The result of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The branch's name.
    pub branch: String,
    /// The id of the commit that the branch was at before.
    pub base: String,
    /// The id of the new commit, or `None` if there was nothing to change.
    pub commit: Option<String>,
}
