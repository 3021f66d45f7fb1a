//! What git's hooks say to a commit before it is made.
//!
//! They are run by git, in a linked worktree of their own: HEAD is the commit to build on, index and files are what
//! is to be committed. So it is as if the person ran `git commit` with nothing else in hand. Where the hooks of
//! the person's own working tree are generated files, as with husky, these are the ones that run.
//!
//! **Invariant:** no hook is given the person's index or working tree.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::commit::branch::Workspace;
use crate::commit::changeset::Plan;
use crate::commit::{CommitError, git_command};

const FILES: &str = "pre-commit";
const MESSAGE: &str = "commit-msg";

/// The hooks that there are for a commit.
pub(super) struct Run<'r> {
    site: &'r Workspace,
    plan: &'r Plan,
    /// The folder of the hooks.
    folder: PathBuf,
}

impl<'r> Run<'r> {
    pub(super) fn of(site: &'r Workspace, plan: &'r Plan) -> Result<Self, CommitError> {
        let folder = git_command::run(&mut git_command::at(site, &["rev-parse", "--git-path", "hooks"]))?;
        Ok(Self { site, plan, folder: site.folder().join(folder) })
    }

    /// The message as the hooks leave it.
    pub(super) fn ask(&self, message: &str) -> Result<String, CommitError> {
        let has = |hook: &str| self.folder.join(hook).is_file();
        if !has(FILES) && !has(MESSAGE) {
            return Ok(message.to_owned());
        }
        let room = Room::new(self.site, self.plan)?;
        if has(FILES) {
            self.hook(&room, FILES, None)?;
            if git_command::run(&mut room.git(&["write-tree"]))? != self.plan.tree.to_string() {
                return Err(CommitError::HookChanged);
            }
        }
        if !has(MESSAGE) {
            return Ok(message.to_owned());
        }
        let file = git_command::run(&mut room.git(&["rev-parse", "--git-path", "COMMIT_EDITMSG"]))?;
        let file = room.root().join(file);
        fs::write(&file, message).map_err(CommitError::io(&file))?;
        self.hook(&room, MESSAGE, Some(&file))?;
        #[allow(clippy::disallowed_methods, reason = "a message, not a definition")]
        fs::read_to_string(&file).map_err(CommitError::io(&file))
    }

    fn hook(&self, room: &Room, hook: &'static str, argument: Option<&Path>) -> Result<(), CommitError> {
        let mut command = room.git(&["-c"]);
        command.arg(format!("core.hooksPath={}", self.folder.display()));
        command.args(["hook", "run", "--ignore-missing", hook]).env("GIT_EDITOR", ":");
        if let Some(argument) = argument {
            command.arg("--").arg(argument);
        }
        let result = git_command::output(&mut command)?;
        if result.status.success() {
            Ok(())
        } else {
            Err(CommitError::Hook { hook, output: git_command::said(&result) })
        }
    }
}

/// A worktree for the hooks.
struct Room<'r> {
    site: &'r Workspace,
    folder: TempDir,
}

impl<'r> Room<'r> {
    fn new(site: &'r Workspace, plan: &Plan) -> Result<Self, CommitError> {
        let folder =
            TempDir::with_prefix("flagctl-hooks-").map_err(CommitError::io("the folder for temporary files"))?;
        let room = Self { site, folder };
        let add = ["worktree", "add", "--quiet", "--detach", "--no-checkout"];
        git_command::run(git_command::at(site, &add).arg(room.root()).arg(plan.base.to_string()))?;
        git_command::run(&mut room.git(&["read-tree", "-u", "--reset", &plan.tree.to_string()]))?;
        Ok(room)
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("flagctl")
    }

    fn git(&self, arguments: &[&str]) -> Command {
        git_command::command(&self.root(), arguments)
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        // What stays after a failure or a kill is a record of a folder that is gone: `git worktree prune` ends it.
        let _ = git_command::output(git_command::at(self.site, &["worktree", "remove", "--force"]).arg(self.root()));
    }
}
