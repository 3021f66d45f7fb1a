//! A commit on a branch of a remote.
//!
//! The commit is built on the remote's branch and not on the local branch, because the local branch may be outdated or
//! may have commits that the user does not want to publish yet. Only the new commit is pushed. The server checks that
//! its branch has not moved, and this check is the compare-and-swap. Afterwards, the local branch is moved to the
//! commit if that is a fast-forward.
//!
//! A push that lost a race is repeated on top of the other push. A push that the server or a hook refuses is tried once.
//! Two facts tell them apart where possible: git's machine-readable status of the branch, and whether the remote's branch
//! has moved.
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
    /// The default branch of the remote, from which the push made the branch, or `None` if the branch existed.
    pub made_from: Option<String>,
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

/// Commits the changes that `apply` makes to the files of the remote's branch, and pushes this commit. If neither the
/// remote nor this clone has the branch, the commit is made on top of the remote's default branch.
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
    let upstream = Upstream { options: request.push_options, ..Upstream::new(remote, &name, request.hooks) };
    let writer = Writer::new(&workspace, request.hooks)?;
    let mut last_base = None;
    let mut locked_attempts = 0;
    let (tip, commit) = retry(&name, request.max_wait, || {
        let tip = upstream.tip(&workspace)?;
        if last_base.replace(tip.id) != Some(tip.id) {
            locked_attempts = 0;
        }
        let plan = CommitPlan::make(&workspace, tip.id, &mut apply)?;
        if plan.files.is_empty() {
            return Ok((tip, None));
        }
        let commit = writer.commit(&workspace, &plan)?;
        match upstream.send(&workspace, &tip, commit.id)? {
            Sent::Accepted => return Ok((tip, Some(commit))),
            Sent::LostRace => {}
            Sent::RefusedByLock(error) => {
                locked_attempts += 1;
                if locked_attempts == MAX_LOCKED_ATTEMPTS {
                    return Err(error.into());
                }
            }
        }
        Err(AttemptError::Moved)
    })?;
    let local = match &commit {
        Some(commit) => update_local_branch(&workspace, &name, commit)?,
        None => compare_local_branch(&workspace, &name, tip.id)?,
    };
    let made_from = tip.default_branch.filter(|_| commit.is_some());
    let (base, commit) = (tip.id.to_string(), commit.map(|commit| commit.id.to_string()));
    Ok(Pushed { committed: Committed { branch: name, base, commit }, local, made_from })
}

/// Returns the id of the newest commit of the remote's branch, and the branch's name. If neither the remote nor this
/// clone has the branch, returns the newest commit of the remote's default branch. Fetches the commit if this clone does
/// not have it.
///
/// # Errors
/// Returns [`CommitError`] if the remote cannot be reached, or if only this clone has the branch.
pub fn remote_tip(folder: &Path, remote: &str, branch: Option<&str>) -> Result<(String, String), CommitError> {
    let workspace = Workspace::open(folder)?;
    let name = name_or_current(&workspace, branch)?;
    let tip = Upstream::new(remote, &name, Hooks::Skip).tip(&workspace)?;
    Ok((tip.id.to_string(), name))
}

/// Returns the addresses of a remote: after git has applied its settings `url.*.insteadOf`, and as they are written.
///
/// # Errors
/// Returns [`CommitError`] if the repository cannot be opened, or if git cannot be run.
pub fn remote_addresses(folder: &Path, remote: &str) -> Result<Vec<String>, CommitError> {
    let workspace = Workspace::open(folder)?;
    let key = format!("remote.{remote}.url");
    let mut addresses = Vec::new();
    for arguments in [["remote", "get-url", "--", remote], ["config", "--get", "--", &key]] {
        let result = git_command::output(&mut git_command::in_folder(workspace.folder(), &arguments))?;
        if result.status.success() {
            addresses.push(git_command::trimmed_text(&result.stdout));
        }
    }
    // The remote may itself be an address.
    addresses.push(remote.to_owned());
    Ok(addresses)
}

/// Returns the name of a remote's default branch, or `None` if it has none.
///
/// # Errors
/// Returns [`CommitError`] if the remote cannot be reached.
pub fn remote_default_branch(folder: &Path, remote: &str) -> Result<Option<String>, CommitError> {
    let workspace = Workspace::open(folder)?;
    let list = ["ls-remote", "--symref", "--", remote, "HEAD"];
    let listed = git_command::run(&mut git_command::in_folder(workspace.folder(), &list))?;
    let references = listed.lines().filter_map(|line| line.strip_prefix("ref: refs/heads/")?.split('\t').next());
    Ok(references.map(str::to_owned).next())
}

/// Returns the name of the requested branch, which may exist only at the remote. Without a request, returns the name of
/// the current branch.
fn name_or_current(workspace: &Workspace, branch: Option<&str>) -> Result<String, CommitError> {
    match branch {
        Some(name) => Ok(name.to_owned()),
        None => Ok(Branch::find(workspace, None)?.name),
    }
}

/// The number of attempts after which a server that cannot lock its branch counts as broken, if the branch does not move
/// between the attempts. A server that receives another push moves the branch within one or two pauses.
const MAX_LOCKED_ATTEMPTS: u32 = 5;

/// Git's exit code for a push that the local hook `pre-push` has refused.
const HOOK_FAILED: i32 = 1;
/// The reason of a server whose hook has refused a push. The decision of a hook is final, even if the branch moved.
const HOOK_DECLINED: &str = "hook declined";

/// Git's words about a server that accepts no options of a push.
const NO_OPTIONS: &str = "does not support push options";

/// The commit on which a new commit is made.
struct Tip {
    id: Oid,
    /// The default branch of the remote, if the remote does not have the branch yet.
    default_branch: Option<String>,
}

/// The result of a push that a repetition could change.
enum Sent {
    /// The remote's branch is at the commit.
    Accepted,
    /// The remote's branch moved to another commit.
    LostRace,
    /// The server could not lock its branch. Either it receives another push, or it cannot write.
    RefusedByLock(CommitError),
}

/// A branch of a remote.
struct Upstream<'r> {
    remote: &'r str,
    name: &'r str,
    reference: String,
    hooks: Hooks,
    /// The options of a push.
    options: &'r [&'r str],
}

impl<'r> Upstream<'r> {
    fn new(remote: &'r str, name: &'r str, hooks: Hooks) -> Self {
        Self { remote, name, reference: format!("refs/heads/{name}"), hooks, options: &[] }
    }

    /// Returns the newest commit of the branch. Fetches the commit if this clone does not have it.
    fn tip(&self, workspace: &Workspace) -> Result<Tip, CommitError> {
        let (tip, reference) = self.listed_tip(workspace)?;
        if workspace.repository.find_commit(tip.id).is_err() {
            let fetch = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", self.remote, &reference];
            git_command::run(&mut git_command::in_folder(workspace.folder(), &fetch))?;
        }
        Ok(tip)
    }

    /// Asks the remote for the newest commit of the branch. If neither the remote nor this clone has the branch, returns
    /// the newest commit of the remote's default branch. The second value is the reference of the commit.
    fn listed_tip(&self, workspace: &Workspace) -> Result<(Tip, String), CommitError> {
        let list = ["ls-remote", "--symref", "--", self.remote, "HEAD", &self.reference];
        let listed = git_command::run(&mut git_command::in_folder(workspace.folder(), &list))?;
        let lines: Vec<(&str, &str)> = listed.lines().filter_map(|line| line.split_once('\t')).collect();
        if let Some((id, _)) = lines.iter().find(|(_, name)| *name == self.reference) {
            return Ok((Tip { id: Oid::from_str(id)?, default_branch: None }, self.reference.clone()));
        }
        let (remote, branch) = (self.remote.to_owned(), self.name.to_owned());
        if workspace.repository.find_reference(&self.reference).is_ok() {
            return Err(CommitError::Unpublished { remote, branch });
        }
        let mut head = lines.iter().filter(|(_, name)| *name == "HEAD").map(|(value, _)| *value);
        let reference = head.clone().find_map(|value| value.strip_prefix("ref: "));
        let id = head.find(|value| !value.starts_with("ref: "));
        let (Some(reference), Some(id)) = (reference, id) else {
            return Err(CommitError::NoRemoteBranch { remote, branch });
        };
        let default_branch = reference.strip_prefix("refs/heads/").unwrap_or(reference).to_owned();
        Ok((Tip { id: Oid::from_str(id)?, default_branch: Some(default_branch) }, reference.to_owned()))
    }

    /// Pushes a commit whose parent is the tip.
    ///
    /// # Errors
    /// Returns [`CommitError`] if a repetition would not change the result.
    fn send(&self, workspace: &Workspace, tip: &Tip, commit: Oid) -> Result<Sent, CommitError> {
        match self.send_with(self.options, workspace, tip, commit) {
            // The branch has not moved, and the options only ask for more than a push.
            Err(CommitError::Refused { output, .. }) if output.contains(NO_OPTIONS) && !self.options.is_empty() => {
                self.send_with(&[], workspace, tip, commit)
            }
            sent => sent,
        }
    }

    fn send_with(&self, options: &[&str], workspace: &Workspace, tip: &Tip, commit: Oid) -> Result<Sent, CommitError> {
        let mut command = git_command::in_folder(workspace.folder(), &["push", "--porcelain"]);
        if self.hooks == Hooks::Skip {
            command.arg("--no-verify");
        }
        command.args(options.iter().map(|option| format!("--push-option={option}")));
        command.args(["--", self.remote]).arg(format!("{commit}:{}", self.reference));
        let result = git_command::output(&mut command)?;
        if result.status.success() {
            return Ok(Sent::Accepted);
        }
        let stderr = git_command::trimmed_text(&result.stderr);
        let stdout = git_command::trimmed_text(&result.stdout);
        // A line of the status is `!`, the references, and the summary, with a tab between them.
        let summary = stdout.lines().find_map(|line| line.strip_prefix("!\t")?.split('\t').nth(1));
        let (remote, branch) = (self.remote.to_owned(), self.name.to_owned());
        let Some(summary) = summary else {
            // Without a status, git has not asked the server to move the branch.
            return Err(match result.status.code() {
                Some(HOOK_FAILED) if self.hooks == Hooks::Run => CommitError::PrePush { output: stderr },
                _ => CommitError::Refused { command: format!("push {remote} {branch}"), output: stderr },
            });
        };
        // Git itself rejects a push if the server has told it that the branch is at another commit.
        if summary.starts_with("[rejected]") {
            return Ok(Sent::LostRace);
        }
        let error = CommitError::PushRefused { remote, branch, output: format!("{summary}\n{stderr}") };
        // A server that receives two pushes at the same time rejects one of them with one of these reasons, maybe before
        // its branch has moved.
        let by_lock = ["cannot lock ref", "failed to update ref", "failed to lock", "incorrect old value"];
        if by_lock.iter().any(|reason| summary.contains(reason)) {
            return Ok(Sent::RefusedByLock(error));
        }
        match !summary.contains(HOOK_DECLINED) && self.has_moved(workspace, tip) {
            true => Ok(Sent::LostRace),
            false => Err(error),
        }
    }

    /// Returns whether the remote's branch is at another commit than before the push.
    fn has_moved(&self, workspace: &Workspace, before: &Tip) -> bool {
        let listed = self.listed_tip(workspace);
        listed.is_ok_and(|(tip, _)| tip.id != before.id || tip.default_branch != before.default_branch)
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
