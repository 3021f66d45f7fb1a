//! The hooks `pre-commit` and `commit-msg`, run before a commit is made.
//!
//! Git runs them in a temporary linked worktree: HEAD is the parent of the new commit, and the index and the files
//! contain the changes to commit. A hook therefore sees the same state as in a `git commit` by a user who has no other
//! changes. Tools such as husky generate hooks in the user's working tree, and git runs these hooks.
//!
//! **Invariant:** a hook never runs with the user's index or working tree.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::commit::changeset::CommitPlan;
use crate::commit::error::CommitError;
use crate::commit::git_command;
use crate::commit::lock;
use crate::commit::workspace::Workspace;
use crate::temporary::TemporaryFolder;

const PRE_COMMIT: &str = "pre-commit";
const COMMIT_MSG: &str = "commit-msg";

/// A run of the hooks of one commit.
pub(super) struct HookRun<'r> {
    workspace: &'r Workspace,
    plan: &'r CommitPlan,
    hooks_folder: PathBuf,
}

impl<'r> HookRun<'r> {
    /// Finds the folder of the hooks.
    pub(super) fn find(workspace: &'r Workspace, plan: &'r CommitPlan) -> Result<Self, CommitError> {
        let command = &mut git_command::in_folder(workspace.folder(), &["rev-parse", "--git-path", "hooks"]);
        let folder = git_command::run(command)?;
        Ok(Self { workspace, plan, hooks_folder: workspace.folder().join(folder) })
    }

    /// Runs the hooks, and returns the message, which the hooks may have changed.
    ///
    /// # Errors
    /// Returns [`CommitError::Hook`] if a hook fails, and [`CommitError::HookChanged`] if one changes files.
    pub(super) fn run(&self, message: &str) -> Result<String, CommitError> {
        let has = |hook: &str| self.hooks_folder.join(hook).is_file();
        if !has(PRE_COMMIT) && !has(COMMIT_MSG) {
            return Ok(message.to_owned());
        }
        let worktree = HookWorktree::new(self.workspace, self.plan)?;
        if has(PRE_COMMIT) {
            self.run_hook(&worktree, PRE_COMMIT, None)?;
            if git_command::run(&mut worktree.git(&["write-tree"]))? != self.plan.tree.to_string() {
                return Err(CommitError::HookChanged);
            }
        }
        if !has(COMMIT_MSG) {
            return Ok(message.to_owned());
        }
        let file = git_command::run(&mut worktree.git(&["rev-parse", "--git-path", "COMMIT_EDITMSG"]))?;
        let file = worktree.root().join(file);
        fs::write(&file, message).map_err(CommitError::io(&file))?;
        self.run_hook(&worktree, COMMIT_MSG, Some(&file))?;
        #[allow(clippy::disallowed_methods, reason = "a message, not a definition")]
        fs::read_to_string(&file).map_err(CommitError::io(&file))
    }

    fn run_hook(
        &self,
        worktree: &HookWorktree,
        hook: &'static str,
        argument: Option<&Path>,
    ) -> Result<(), CommitError> {
        let mut command = worktree.git(&["-c"]);
        command.arg(format!("core.hooksPath={}", self.hooks_folder.display()));
        command.args(["hook", "run", "--ignore-missing", hook]).env("GIT_EDITOR", ":");
        if let Some(argument) = argument {
            command.arg("--").arg(argument);
        }
        let result = git_command::output(&mut command)?;
        if result.status.success() {
            Ok(())
        } else {
            Err(CommitError::Hook { hook, output: git_command::combined_output(&result) })
        }
    }
}

/// Removes git's entries for the temporary worktrees of killed processes. The folders themselves are removed with the
/// other temporary folders.
///
/// # Errors
/// Returns [`CommitError::Io`] if an entry cannot be read or removed.
pub(super) fn remove_abandoned_worktrees(workspace: &Workspace) -> Result<(), CommitError> {
    let entries = workspace.repository.commondir().join("worktrees");
    let found = match fs::read_dir(&entries) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(CommitError::io(entries)(error)),
    };
    let mut has_own = false;
    for entry in found.filter_map(Result::ok) {
        let Some(file) = lock::read_text(&entry.path().join("gitdir"))? else { continue };
        let Some(folder) = TemporaryFolder::containing(Path::new(file.trim_end())) else { continue };
        if !has_own {
            // Making a temporary folder removes the folders of killed processes.
            TemporaryFolder::new().map_err(CommitError::io("the folder for temporary files"))?;
            has_own = true;
        }
        if !folder.exists() {
            fs::remove_dir_all(entry.path()).map_err(CommitError::io(entry.path()))?;
        }
    }
    // This fails if the folder has other entries, which stay.
    let _ = fs::remove_dir(&entries);
    Ok(())
}

/// A temporary worktree for hooks. Dropping this value removes the worktree.
struct HookWorktree<'r> {
    workspace: &'r Workspace,
    folder: TemporaryFolder,
}

impl<'r> HookWorktree<'r> {
    fn new(workspace: &'r Workspace, plan: &CommitPlan) -> Result<Self, CommitError> {
        let folder = TemporaryFolder::new().map_err(CommitError::io("the folder for temporary files"))?;
        let worktree = Self { workspace, folder };
        let add = ["worktree", "add", "--quiet", "--detach", "--no-checkout"];
        let mut command = git_command::in_folder(workspace.folder(), &add);
        git_command::run(command.arg(worktree.root()).arg(plan.base.to_string()))?;
        git_command::run(&mut worktree.git(&["read-tree", "-u", "--reset", &plan.tree.to_string()]))?;
        Ok(worktree)
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("flagctl")
    }

    fn git(&self, arguments: &[&str]) -> Command {
        git_command::in_folder(&self.root(), arguments)
    }
}

impl Drop for HookWorktree<'_> {
    fn drop(&mut self) {
        // If this fails or the process is killed, the next run removes the worktree and git's entry for it.
        let mut command = git_command::in_folder(self.workspace.folder(), &["worktree", "remove", "--force"]);
        let _ = git_command::output(command.arg(self.root()));
    }
}
