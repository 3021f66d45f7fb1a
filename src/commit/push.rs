//! Commits that are made on the remote's branch.
//!
//! They are built on what the remote has, whatever the local branch is: that one may be behind, or have commits
//! that nobody was asked to publish. Only the new commit is pushed, and the server's own check that the branch has
//! not moved is the compare-and-swap. Then the local branch follows, if that is a fast-forward.
//!
//! **Invariant:** the `git` program talks to the remote; credentials and ssh are its business.

use std::error::Error;
use std::path::Path;

use git2::{ErrorCode, Oid};

use crate::commit::branch;
use crate::commit::branch::{Branch, Checkout, Workspace};
use crate::commit::changeset::{Changes, Plan, Tree};
use crate::commit::commit_object::{Commit, Writer};
use crate::commit::lock::RepositoryLock;
use crate::commit::retry::{AttemptError, Patience};
use crate::commit::worktree::Worktree;
use crate::commit::{CommitError, Committed, Hooks, Request, git_command};

/// What became of a request to push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The commit on the remote's branch.
    pub committed: Committed,
    /// The local branch of that name.
    pub local: Local,
}

/// Whether the local branch is where the remote's is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Local {
    /// It is.
    Followed,
    /// It was left alone, for this reason: `git pull` is up to the person.
    Left(String),
    /// There is none of that name.
    Absent,
}

/// Commits what `apply` makes of the files of the remote's branch, and pushes that one commit.
///
/// `apply` is called again whenever somebody else has pushed meanwhile.
///
/// # Errors
/// A [`CommitError`]; remote, branch, index and working tree are then as they were.
pub fn push<E>(
    request: &Request,
    remote: &str,
    mut apply: impl FnMut(&Tree) -> Result<Changes, E>,
) -> Result<Pushed, CommitError>
where
    E: Into<Box<dyn Error + Send + Sync>>,
{
    let site = branch::open(request.place)?;
    let name = meant(&site, request.branch)?;
    let upstream = Upstream::new(remote, &name, request.hooks);
    let writer = Writer::new(&site, request.hooks)?;
    let mut patience = Patience::new(request.patience);
    loop {
        let base = upstream.tip(&site)?;
        let plan = Plan::make(&site, base, &mut apply)?;
        let commit = if plan.files.is_empty() { None } else { Some(writer.commit(&site, &plan)?) };
        let sent = commit.as_ref().map_or(Ok(()), |commit| upstream.send(&site, commit.id));
        match sent {
            Ok(()) => {
                let local = match &commit {
                    Some(commit) => follow(&site, &name, commit)?,
                    None => untouched(&site, &name, base)?,
                };
                let (base, commit) = (base.to_string(), commit.map(|commit| commit.id.to_string()));
                return Ok(Pushed { committed: Committed { branch: name, base, commit }, local });
            }
            Err(setback) => patience.wait(&name, setback)?,
        }
    }
}

/// The commit that the remote's branch is at, and the branch's name. All that the commit needs is here then.
///
/// # Errors
/// [`CommitError`] if the remote cannot be reached, or has no such branch.
pub fn remote_tip(place: &Path, remote: &str, branch: Option<&str>) -> Result<(String, String), CommitError> {
    let site = branch::open(place)?;
    let name = meant(&site, branch)?;
    let tip = Upstream::new(remote, &name, Hooks::Skip).tip(&site)?;
    Ok((tip.to_string(), name))
}

/// The remote may have branches that are not here.
fn meant(site: &Workspace, branch: Option<&str>) -> Result<String, CommitError> {
    match branch {
        Some(name) => Ok(name.to_owned()),
        None => Ok(Branch::find(site, None)?.name),
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

    /// Where it is now; all that it needs is here then.
    fn tip(&self, site: &Workspace) -> Result<Oid, CommitError> {
        let listed = git_command::run(&mut git_command::at(site, &["ls-remote", "--", self.remote, &self.reference]))?;
        let mut lines = listed.lines().filter_map(|line| line.split_once('\t'));
        let Some((id, _)) = lines.find(|(_, reference)| *reference == self.reference) else {
            return Err(CommitError::NoRemoteBranch { remote: self.remote.to_owned(), branch: self.name.to_owned() });
        };
        let id = Oid::from_str(id)?;
        if site.repository.find_commit(id).is_err() {
            let fetch = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", self.remote, &self.reference];
            git_command::run(&mut git_command::at(site, &fetch))?;
        }
        Ok(id)
    }

    fn send(&self, site: &Workspace, commit: Oid) -> Result<(), AttemptError> {
        let mut command = git_command::at(site, &["push", "--porcelain"]);
        if self.hooks == Hooks::Skip {
            command.arg("--no-verify");
        }
        command.args(["--", self.remote]).arg(format!("{commit}:{}", self.reference));
        let result = git_command::output(&mut command)?;
        if result.status.success() {
            return Ok(());
        }
        let output = git_command::said(&result);
        // The second kind is a server's that was asked twice in the same moment.
        let lost = ["cannot lock ref", "failed to update ref", "failed to lock", "incorrect old value"];
        let faster = |line: &str| {
            line.contains("[rejected]")
                || line.contains("[remote rejected]") && lost.iter().any(|reason| line.contains(reason))
        };
        if output.lines().filter(|line| line.starts_with('!')).any(faster) {
            return Err(AttemptError::Moved);
        }
        Err(CommitError::Refused { command: format!("push {} {}", self.remote, self.name), output }.into())
    }
}

/// Lets the local branch follow to the commit, if nothing is lost by that.
fn follow(site: &Workspace, name: &str, commit: &Commit) -> Result<Local, CommitError> {
    let branch = match Branch::find(site, Some(name)) {
        Ok(branch) => branch,
        Err(CommitError::NoBranch(_) | CommitError::NoCommits(_)) => return Ok(Local::Absent),
        Err(error) => return Err(error),
    };
    let tip = branch.tip(site)?;
    if !site.repository.graph_descendant_of(commit.id, tip)? {
        return Ok(Local::Left(format!("`{name}` has commits that the remote has not")));
    }
    let moved = match branch.checkout(site) {
        Ok(Checkout::Here(root)) => return fast_forward(site, &root, commit.id),
        Ok(Checkout::Nowhere) => {
            RepositoryLock::enter(site).and_then(|alone| branch.advance(site, &alone, tip, commit))
        }
        Err(error) => Err(error.into()),
    };
    Ok(match moved {
        Ok(()) => Local::Followed,
        Err(AttemptError::Failed(error)) => Local::Left(error.to_string()),
        Err(_) => Local::Left(format!("`{name}` was moved by somebody else meanwhile")),
    })
}

/// Git's own fast-forward: it may bring other people's commits along, and leaves all as it is rather than touch a
/// file that the person has changed.
fn fast_forward(site: &Workspace, root: &Path, commit: Oid) -> Result<Local, CommitError> {
    if let Err(AttemptError::Failed(error)) = Worktree::new(site, root.to_owned()).recover() {
        return Err(error);
    }
    let merge = ["merge", "--quiet", "--ff-only", "--no-autostash", &commit.to_string()];
    let result = git_command::output(&mut git_command::command(root, &merge))?;
    Ok(if result.status.success() { Local::Followed } else { Local::Left(git_command::said(&result)) })
}

/// The local branch when there was nothing to push.
fn untouched(site: &Workspace, name: &str, tip: Oid) -> Result<Local, CommitError> {
    Ok(match site.repository.refname_to_id(&format!("refs/heads/{name}")) {
        Ok(local) if local == tip => Local::Followed,
        Ok(_) => Local::Left("there was nothing to push".to_owned()),
        Err(error) if error.code() == ErrorCode::NotFound => Local::Absent,
        Err(error) => return Err(error.into()),
    })
}
