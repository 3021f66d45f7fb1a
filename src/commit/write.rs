//! A commit on a local branch.

use std::error::Error;
use std::path::Path;

use crate::commit::attempt::{AttemptError, retry};
use crate::commit::branch::{Branch, Checkout};
use crate::commit::changeset::{Changes, CommitFiles, CommitPlan};
use crate::commit::commit_object::Writer;
use crate::commit::error::CommitError;
use crate::commit::hooks;
use crate::commit::lock::RepositoryLock;
use crate::commit::request::{Committed, Request};
use crate::commit::workspace::Workspace;
use crate::commit::worktree::Worktree;

/// Commits the changes that `apply` makes to the branch's files, and moves the branch.
///
/// `apply` is called again with the new files if another process moved the branch in the meantime.
///
/// # Errors
/// Returns [`CommitError`] if the commit fails. In this case, the branch, the index and the working tree do not change.
pub fn write<E>(
    request: &Request,
    mut apply: impl FnMut(&CommitFiles) -> Result<Changes, E>,
) -> Result<Committed, CommitError>
where
    E: Into<Box<dyn Error + Send + Sync>>,
{
    let workspace = Workspace::open(request.folder)?;
    let branch = Branch::find(&workspace, request.branch)?;
    let writer = Writer::new(&workspace, request.hooks)?;
    retry(&branch.name, request.max_wait, || attempt(&workspace, &branch, &writer, &mut apply))
}

fn attempt<E>(
    workspace: &Workspace,
    branch: &Branch,
    writer: &Writer,
    apply: &mut impl FnMut(&CommitFiles) -> Result<Changes, E>,
) -> Result<Committed, AttemptError>
where
    E: Into<Box<dyn Error + Send + Sync>>,
{
    let worktree = match branch.checkout(workspace)? {
        Checkout::None => None,
        Checkout::InWorkspace(root) => Some(Worktree::new(workspace, root)),
    };
    if let Some(worktree) = &worktree {
        worktree.recover()?;
    }
    let base = branch.tip(workspace)?;
    let plan = CommitPlan::make(workspace, base, apply)?;
    let committed = |commit: Option<git2::Oid>| Committed {
        branch: branch.name.clone(),
        base: base.to_string(),
        commit: commit.map(|id| id.to_string()),
    };
    if plan.files.is_empty() {
        return Ok(committed(None));
    }
    if let Some(worktree) = &worktree {
        worktree.check(branch, &plan)?;
    }
    let commit = writer.commit(workspace, &plan)?;
    match worktree {
        None => branch.advance(workspace, &RepositoryLock::acquire(workspace)?, base, &commit)?,
        Some(worktree) => worktree.advance(branch, &plan, &commit)?,
    }
    Ok(committed(Some(commit.id)))
}

/// Completes or undoes a commit to the working tree whose process was killed, if there is one, and removes what killed
/// processes left in git's folder. [`write()`] also does the first. A command that may stop before it writes calls this function to repair the working tree.
///
/// # Errors
/// Returns [`CommitError`] if the repair fails.
pub fn recover(folder: &Path) -> Result<(), CommitError> {
    let workspace = Workspace::open(folder)?;
    hooks::remove_abandoned_worktrees(&workspace)?;
    let Some(root) = workspace.repository.workdir() else { return Ok(()) };
    match Worktree::new(&workspace, root.to_owned()).recover() {
        Err(AttemptError::Failed(error)) => Err(error),
        // Another flagctl process is writing to the working tree and will complete its commit.
        _ => Ok(()),
    }
}
