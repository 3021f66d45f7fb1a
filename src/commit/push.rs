//! A commit on a branch of a remote.
//!
//! The commit is built on the remote's branch and not on the local branch, because the local branch may be outdated or
//! may have commits that the user does not want to publish yet. Only the new commit is pushed. The server checks that
//! its branch has not moved, and this check is the compare-and-swap. Afterwards, the local branch is moved to the
//! commit if that is a fast-forward.
//!
//! **Invariant:** only the `git` program talks to the remote, with the user's credentials and ssh settings.

use std::error::Error;
use std::path::Path;

use git2::{ErrorCode, Oid};

use crate::commit::attempt::{AttemptError, retry};
use crate::commit::branch::{Branch, Checkout};
use crate::commit::changeset::{Changes, CommitFiles, CommitPlan};
use crate::commit::commit_object::{Commit, Writer};
use crate::commit::error::CommitError;
use crate::commit::git_command;
use crate::commit::lock::RepositoryLock;
use crate::commit::request::{Committed, Hooks, Request};
use crate::commit::workspace::Workspace;
use crate::commit::worktree::Worktree;

/// The result of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The commit on the remote's branch.
    pub committed: Committed,
    /// The state of the local branch of the same name.
    pub local: LocalBranch,
}

/// Whether the local branch is at the same commit as the remote's branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalBranch {
    /// The local branch is at the same commit.
    Updated,
    /// The local branch is at another commit, for this reason. The user decides when to run `git pull`.
    NotUpdated(String),
    /// The repository has no local branch of that name.
    Absent,
}

/// Commits the changes that `apply` makes to the files of the remote's branch, and pushes this commit.
///
/// `apply` is called again with the new files if another push was faster.
///
/// # Errors
/// Returns [`CommitError`] if the commit or the push fails. In this case, the remote's branch, the local branch, the
/// index and the working tree do not change.
pub fn push<E>(
    request: &Request,
    remote: &str,
    mut apply: impl FnMut(&CommitFiles) -> Result<Changes, E>,
) -> Result<Pushed, CommitError>
where
    E: Into<Box<dyn Error + Send + Sync>>,
{
    let workspace = Workspace::open(request.folder)?;
    let name = name_or_current(&workspace, request.branch)?;
    let upstream = Upstream::new(remote, &name, request.hooks);
    let writer = Writer::new(&workspace, request.hooks)?;
    let (base, commit) = retry(&name, request.max_wait, || {
        let base = upstream.tip(&workspace)?;
        let plan = CommitPlan::make(&workspace, base, &mut apply)?;
        if plan.files.is_empty() {
            return Ok((base, None));
        }
        let commit = writer.commit(&workspace, &plan)?;
        upstream.send(&workspace, commit.id)?;
        Ok((base, Some(commit)))
    })?;
    let local = match &commit {
        Some(commit) => update_local_branch(&workspace, &name, commit)?,
        None => compare_local_branch(&workspace, &name, base)?,
    };
    let (base, commit) = (base.to_string(), commit.map(|commit| commit.id.to_string()));
    Ok(Pushed { committed: Committed { branch: name, base, commit }, local })
}

/// Returns the id of the newest commit of the remote's branch, and the branch's name. Fetches the commit if this clone
/// does not have it.
///
/// # Errors
/// Returns [`CommitError`] if the remote cannot be reached, or if it does not have the branch.
pub fn remote_tip(folder: &Path, remote: &str, branch: Option<&str>) -> Result<(String, String), CommitError> {
    let workspace = Workspace::open(folder)?;
    let name = name_or_current(&workspace, branch)?;
    let tip = Upstream::new(remote, &name, Hooks::Skip).tip(&workspace)?;
    Ok((tip.to_string(), name))
}

/// Returns the name of the requested branch, which may exist only at the remote. Without a request, returns the name of
/// the current branch.
fn name_or_current(workspace: &Workspace, branch: Option<&str>) -> Result<String, CommitError> {
    match branch {
        Some(name) => Ok(name.to_owned()),
        None => Ok(Branch::find(workspace, None)?.name),
    }
}

/// A branch of a remote.
struct Upstream<'r> {
    remote: &'r str,
    name: &'r str,
    reference: String,
    hooks: Hooks,
}

impl<'r> Upstream<'r> {
    fn new(remote: &'r str, name: &'r str, hooks: Hooks) -> Self {
        Self { remote, name, reference: format!("refs/heads/{name}"), hooks }
    }

    /// Returns the id of the newest commit of the branch. Fetches the commit if this clone does not have it.
    fn tip(&self, workspace: &Workspace) -> Result<Oid, CommitError> {
        let listed = git_command::run(&mut git_command::in_workspace(
            workspace,
            &["ls-remote", "--", self.remote, &self.reference],
        ))?;
        let mut lines = listed.lines().filter_map(|line| line.split_once('\t'));
        let Some((id, _)) = lines.find(|(_, reference)| *reference == self.reference) else {
            return Err(CommitError::NoRemoteBranch { remote: self.remote.to_owned(), branch: self.name.to_owned() });
        };
        let id = Oid::from_str(id)?;
        if workspace.repository.find_commit(id).is_err() {
            let fetch = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", self.remote, &self.reference];
            git_command::run(&mut git_command::in_workspace(workspace, &fetch))?;
        }
        Ok(id)
    }

    /// Pushes a commit.
    ///
    /// # Errors
    /// Returns [`AttemptError::Moved`] if another push was faster.
    fn send(&self, workspace: &Workspace, commit: Oid) -> Result<(), AttemptError> {
        let mut command = git_command::in_workspace(workspace, &["push", "--porcelain"]);
        if self.hooks == Hooks::Skip {
            command.arg("--no-verify");
        }
        command.args(["--", self.remote]).arg(format!("{commit}:{}", self.reference));
        let result = git_command::output(&mut command)?;
        if result.status.success() {
            return Ok(());
        }
        let output = git_command::combined_output(&result);
        // If a server receives two pushes at the same time, it rejects one of them with one of these reasons.
        let lost_race = ["cannot lock ref", "failed to update ref", "failed to lock", "incorrect old value"];
        let is_lost_race = |line: &str| {
            line.contains("[rejected]")
                || line.contains("[remote rejected]") && lost_race.iter().any(|reason| line.contains(reason))
        };
        if output.lines().filter(|line| line.starts_with('!')).any(is_lost_race) {
            return Err(AttemptError::Moved);
        }
        Err(CommitError::Refused { command: format!("push {} {}", self.remote, self.name), output }.into())
    }
}

/// Moves the local branch to the pushed commit, if that is a fast-forward.
fn update_local_branch(workspace: &Workspace, name: &str, commit: &Commit) -> Result<LocalBranch, CommitError> {
    let branch = match Branch::find(workspace, Some(name)) {
        Ok(branch) => branch,
        Err(CommitError::NoBranch(_) | CommitError::NoCommits(_)) => return Ok(LocalBranch::Absent),
        Err(error) => return Err(error),
    };
    let tip = branch.tip(workspace)?;
    if !workspace.repository.graph_descendant_of(commit.id, tip)? {
        return Ok(LocalBranch::NotUpdated(format!("`{name}` has commits that the remote does not have")));
    }
    let moved = match branch.checkout(workspace) {
        Ok(Checkout::InWorkspace(root)) => return fast_forward(workspace, &root, commit.id),
        Ok(Checkout::None) => {
            RepositoryLock::acquire(workspace).and_then(|lock| branch.advance(workspace, &lock, tip, commit))
        }
        Err(error) => Err(error.into()),
    };
    Ok(match moved {
        Ok(()) => LocalBranch::Updated,
        Err(AttemptError::Failed(error)) => LocalBranch::NotUpdated(error.to_string()),
        Err(_) => LocalBranch::NotUpdated(format!("another process moved `{name}` at the same time")),
    })
}

/// Runs git's own fast-forward. The fast-forward may include commits of other people. Git refuses it if it would change
/// a file that the user has changed.
fn fast_forward(workspace: &Workspace, root: &Path, commit: Oid) -> Result<LocalBranch, CommitError> {
    if let Err(AttemptError::Failed(error)) = Worktree::new(workspace, root.to_owned()).recover() {
        return Err(error);
    }
    let merge = ["merge", "--quiet", "--ff-only", "--no-autostash", &commit.to_string()];
    let result = git_command::output(&mut git_command::in_folder(root, &merge))?;
    Ok(if result.status.success() {
        LocalBranch::Updated
    } else {
        LocalBranch::NotUpdated(git_command::combined_output(&result))
    })
}

/// Compares the local branch with the remote's branch. The caller uses this function if there was nothing to push.
fn compare_local_branch(workspace: &Workspace, name: &str, tip: Oid) -> Result<LocalBranch, CommitError> {
    Ok(match workspace.repository.refname_to_id(&format!("refs/heads/{name}")) {
        Ok(local) if local == tip => LocalBranch::Updated,
        Ok(_) => LocalBranch::NotUpdated("there was nothing to push".to_owned()),
        Err(error) if error.code() == ErrorCode::NotFound => LocalBranch::Absent,
        Err(error) => return Err(error.into()),
    })
}
