//! Fetching a branch of a remote.

use std::path::Path;

use crate::commit::error::CommitError;
use crate::commit::git_command;

/// Fetches a branch of a remote to its remote-tracking branch, such as `refs/remotes/origin/main`.
///
/// # Errors
/// Returns [`CommitError`] if the remote cannot be reached, or has no such branch.
pub fn fetch(folder: &Path, remote: &str, branch: &str) -> Result<(), CommitError> {
    // A branch whose history was rewritten is followed, too.
    let refspec = format!("+refs/heads/{branch}:refs/remotes/{remote}/{branch}");
    let arguments = ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--end-of-options", remote, &refspec];
    git_command::run(git_command::in_folder(folder, &arguments).env("GIT_TERMINAL_PROMPT", "0")).map(drop)
}
