//! The branch to commit to: finds it, finds out whether it is checked out, and moves it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use git2::{ErrorCode, Oid, Repository, RepositoryState};

use crate::commit::attempt::AttemptError;
use crate::commit::commit_object::Commit;
use crate::commit::error::CommitError;
use crate::commit::lock;
use crate::commit::lock::RepositoryLock;
use crate::commit::workspace::Workspace;

const BRANCHES: &str = "refs/heads/";

/// A branch with at least one commit.
pub(super) struct Branch {
    pub(super) name: String,
    /// The full name, which begins with `refs/heads/`.
    pub(super) reference: String,
}

/// Whether a branch is checked out in the workspace.
pub(super) enum Checkout {
    /// The branch is not checked out in any worktree.
    None,
    /// The branch is checked out in the workspace's working tree. The value is its folder.
    InWorkspace(PathBuf),
}

/// Returns the name of the branch that a request commits to.
///
/// # Errors
/// Returns [`CommitError`] if the branch does not exist, or if it has no commits.
pub fn branch_name(folder: &Path, name: Option<&str>) -> Result<String, CommitError> {
    Ok(Branch::find(&Workspace::open(folder)?, name)?.name)
}

impl Branch {
    /// Finds a branch by its name. Without a name, finds the branch that is checked out.
    ///
    /// # Errors
    /// Returns [`CommitError`] if the branch does not exist, or if it has no commits.
    pub(super) fn find(workspace: &Workspace, name: Option<&str>) -> Result<Self, CommitError> {
        let head = workspace.repository.find_reference("HEAD")?;
        let head = head.symbolic_target()?.map(str::to_owned);
        let reference = match name {
            Some(name) => format!("{BRANCHES}{}", name.strip_prefix(BRANCHES).unwrap_or(name)),
            None => head.clone().ok_or(CommitError::Detached)?,
        };
        let short_name = |reference: &str| reference.strip_prefix(BRANCHES).unwrap_or(reference).to_owned();
        // A branch may be a symbolic reference to another branch. In this case, the commit moves the other branch.
        match workspace.repository.find_reference(&reference).and_then(|found| found.resolve()) {
            Ok(found) => {
                let reference = found.name()?.to_owned();
                Ok(Self { name: short_name(&reference), reference })
            }
            Err(error) if matches!(error.code(), ErrorCode::NotFound | ErrorCode::InvalidSpec) => {
                let is_unborn = head.as_ref() == Some(&reference);
                let name = short_name(&reference);
                Err(if is_unborn { CommitError::NoCommits(name) } else { CommitError::NoBranch(name) })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the id of the branch's newest commit.
    pub(super) fn tip(&self, workspace: &Workspace) -> Result<Oid, CommitError> {
        Ok(workspace.repository.refname_to_id(&self.reference)?)
    }

    /// Finds out whether the branch is checked out in the workspace.
    ///
    /// # Errors
    /// Returns [`CommitError::Elsewhere`] if it is checked out in another worktree, and [`CommitError::Busy`] if a
    /// merge, a rebase or a similar operation is in progress.
    pub(super) fn checkout(&self, workspace: &Workspace) -> Result<Checkout, CommitError> {
        let repository = &workspace.repository;
        let elsewhere = |root: &Path| {
            let worktree = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
            CommitError::Elsewhere { branch: self.name.clone(), worktree }
        };
        if repository.is_worktree() && self.is_checked_out_in(repository.commondir())? {
            let main = Repository::open(repository.commondir())?;
            if let Some(root) = main.workdir() {
                return Err(elsewhere(root));
            }
        }
        for git_folder in other_linked_worktrees(repository)? {
            // A worktree whose folder was deleted is ignored, because it has no files to update. `git worktree prune`
            // removes it later.
            let Some(file) = lock::read_text(&git_folder.join("gitdir"))? else { continue };
            let file = git_folder.join(file.trim_end());
            if file.exists() && self.is_checked_out_in(&git_folder)? {
                return Err(elsewhere(file.parent().unwrap_or(&file)));
            }
        }
        let Some(root) = repository.workdir() else { return Ok(Checkout::None) };
        if !self.is_checked_out_in(repository.path())? {
            return Ok(Checkout::None);
        }
        let operation = match repository.state() {
            RepositoryState::Clean | RepositoryState::Bisect => return Ok(Checkout::InWorkspace(root.to_owned())),
            RepositoryState::Merge => "merge",
            RepositoryState::Revert | RepositoryState::RevertSequence => "revert",
            RepositoryState::CherryPick | RepositoryState::CherryPickSequence => "cherry-pick",
            RepositoryState::ApplyMailbox => "`git am`",
            _ => "rebase",
        };
        Err(CommitError::Busy { operation, worktree: root.to_owned() })
    }

    /// Returns whether the branch is checked out in the worktree with this git folder.
    fn is_checked_out_in(&self, git_folder: &Path) -> Result<bool, CommitError> {
        let names_branch = |file: &str, prefix: &str| -> Result<bool, CommitError> {
            let text = lock::read_text(&git_folder.join(file))?;
            Ok(text.is_some_and(|text| text.trim_end().strip_prefix(prefix) == Some(&self.reference)))
        };
        // During a rebase, HEAD is detached, and git moves the branch at the end of the rebase.
        Ok(names_branch("HEAD", "ref: ")?
            || names_branch("rebase-merge/head-name", "")?
            || names_branch("rebase-apply/head-name", "")?)
    }

    /// Moves the branch from `base` to a commit.
    ///
    /// # Errors
    /// Returns [`AttemptError::Moved`] if the branch is no longer at `base`, and [`AttemptError::Locked`] if git has
    /// locked it.
    pub(super) fn advance(
        &self,
        workspace: &Workspace,
        repository_lock: &RepositoryLock,
        base: Oid,
        commit: &Commit,
    ) -> Result<(), AttemptError> {
        let _note = repository_lock.note_move(&self.reference, commit.id)?;
        let mut transaction = workspace.repository.transaction()?;
        transaction.lock_ref(&self.reference).map_err(|error| match error.code() {
            ErrorCode::Locked => AttemptError::Locked(self.lock_path(workspace)),
            _ => error.into(),
        })?;
        if self.tip(workspace)? != base {
            return Err(AttemptError::Moved);
        }
        let reflog_message = format!("commit: {}", commit.subject);
        transaction.set_target(&self.reference, commit.id, Some(&commit.committer), &reflog_message)?;
        Ok(transaction.commit()?)
    }

    /// Returns the path of git's lock of the branch.
    pub(super) fn lock_path(&self, workspace: &Workspace) -> PathBuf {
        workspace.repository.commondir().join(format!("{}.lock", self.reference))
    }
}

/// Returns the git folders of the other linked worktrees.
///
/// The function reads the folders directly, because libgit2 cannot open a worktree while another process adds or
/// removes it.
fn other_linked_worktrees(repository: &Repository) -> Result<Vec<PathBuf>, CommitError> {
    let folder = repository.commondir().join("worktrees");
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(CommitError::io(folder)(error)),
    };
    let folders = entries.filter_map(|entry| Some(entry.ok()?.path()));
    Ok(folders.filter(|folder| folder != repository.path()).collect())
}
