//! The request for a commit, and its result.

use std::path::Path;
use std::time::Duration;

/// The maximum total time for which a commit waits for other processes.
pub const MAX_WAIT: Duration = Duration::from_secs(10);

/// The target and the rules of a commit.
#[derive(Debug, Clone, Copy)]
pub struct Request<'r> {
    /// A folder in a repository's working tree, or a bare repository. Paths are relative to it.
    pub folder: &'r Path,
    /// The branch's name, or `None` for the branch that is checked out in the working tree.
    pub branch: Option<&'r str>,
    /// Whether to run git's hooks.
    pub hooks: Hooks,
    /// Options that a push sends to the server. A server that accepts no options gets none.
    pub push_options: &'r [&'r str],
    /// The maximum total time to wait for other processes, usually [`MAX_WAIT`].
    pub max_wait: Duration,
}

/// Whether to run the hooks `pre-commit` and `commit-msg`, and, for a push, `pre-push`.
///
/// The hooks run in a temporary worktree that contains only the changes to commit, so a hook that formats or stashes
/// files cannot change the user's files. A hook may change the message, as with `git commit`. If a hook changes files,
/// the commit is refused, because it would differ from the commit that the user has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hooks {
    /// The hooks run.
    Run,
    /// The hooks are skipped.
    Skip,
}

/// The result of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The branch's name.
    pub branch: String,
    /// The id of the branch's previous commit.
    pub base: String,
    /// The id of the new commit, or `None` if nothing changed.
    pub commit: Option<String>,
}
