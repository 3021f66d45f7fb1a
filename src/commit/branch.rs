//! Which branch a commit is for, where that is checked out, and how it moves.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use git2::{ErrorCode, Oid, Repository, RepositoryState};

use crate::commit::CommitError;
use crate::commit::commit_object::Commit;
use crate::commit::lock;
use crate::commit::lock::RepositoryLock;
use crate::commit::retry::AttemptError;

const BRANCHES: &str = "refs/heads/";

/// A repository, and the folder in it that paths are relative to.
pub(super) struct Workspace {
    pub(super) repository: Repository,
    /// Empty, or with a `/` at its end.
    pub(super) prefix: String,
}

impl Workspace {
    /// Where git is run: at the top of the working tree, if there is one.
    pub(super) fn folder(&self) -> &Path {
        self.repository.workdir().unwrap_or_else(|| self.repository.path())
    }
}

pub(super) fn open(place: &Path) -> Result<Workspace, CommitError> {
    let repository = Repository::discover(place).map_err(|error| match error.code() {
        ErrorCode::NotFound => CommitError::NoRepository(place.to_owned()),
        _ => CommitError::Repository { place: place.to_owned(), error },
    })?;
    let prefix = match repository.workdir() {
        None => String::new(),
        Some(root) => {
            let root = fs::canonicalize(root).map_err(CommitError::io(root))?;
            let place = fs::canonicalize(place).map_err(CommitError::io(place))?;
            let inside = place.strip_prefix(&root).unwrap_or(Path::new(""));
            let parts = inside.iter().map(|part| part.to_str().map(|part| format!("{part}/")));
            parts.collect::<Option<String>>().ok_or_else(|| CommitError::Path(inside.display().to_string()))?
        }
    };
    Ok(Workspace { repository, prefix })
}

/// A branch with at least one commit.
pub(super) struct Branch {
    pub(super) name: String,
    /// Its whole name.
    pub(super) reference: String,
}

/// Where a branch's files are.
pub(super) enum Checkout {
    Nowhere,
    /// In the working tree of the repository that was opened, at that folder.
    Here(PathBuf),
}

impl Branch {
    pub(super) fn find(site: &Workspace, name: Option<&str>) -> Result<Self, CommitError> {
        let head = site.repository.find_reference("HEAD")?;
        let head = head.symbolic_target()?.map(str::to_owned);
        let reference = match name {
            Some(name) => format!("{BRANCHES}{}", name.strip_prefix(BRANCHES).unwrap_or(name)),
            None => head.clone().ok_or(CommitError::Detached)?,
        };
        let short = |reference: &str| reference.strip_prefix(BRANCHES).unwrap_or(reference).to_owned();
        // A branch may be another name of one; it is the other one that moves.
        match site.repository.find_reference(&reference).and_then(|found| found.resolve()) {
            Ok(found) => {
                let reference = found.name()?.to_owned();
                Ok(Self { name: short(&reference), reference })
            }
            Err(error) if matches!(error.code(), ErrorCode::NotFound | ErrorCode::InvalidSpec) => {
                let unborn = head.as_ref() == Some(&reference);
                let name = short(&reference);
                Err(if unborn { CommitError::NoCommits(name) } else { CommitError::NoBranch(name) })
            }
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn tip(&self, site: &Workspace) -> Result<Oid, CommitError> {
        Ok(site.repository.refname_to_id(&self.reference)?)
    }

    /// # Errors
    /// [`CommitError::Elsewhere`] and [`CommitError::Busy`] where moving it would be in somebody's way.
    pub(super) fn checkout(&self, site: &Workspace) -> Result<Checkout, CommitError> {
        let repository = &site.repository;
        let elsewhere = |root: &Path| {
            let worktree = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
            CommitError::Elsewhere { branch: self.name.clone(), worktree }
        };
        if repository.is_worktree() && self.is_held(repository.commondir())? {
            let main = Repository::open(repository.commondir())?;
            if let Some(root) = main.workdir() {
                return Err(elsewhere(root));
            }
        }
        for folder in linked(repository)? {
            // One whose files are gone waits to be pruned, and has nothing that could follow.
            let Some(file) = lock::read(&folder.join("gitdir"))? else { continue };
            let file = folder.join(file.trim_end());
            if file.exists() && self.is_held(&folder)? {
                return Err(elsewhere(file.parent().unwrap_or(&file)));
            }
        }
        let Some(root) = repository.workdir() else { return Ok(Checkout::Nowhere) };
        if !self.is_held(repository.path())? {
            return Ok(Checkout::Nowhere);
        }
        let what = match repository.state() {
            RepositoryState::Clean | RepositoryState::Bisect => return Ok(Checkout::Here(root.to_owned())),
            RepositoryState::Merge => "merge",
            RepositoryState::Revert | RepositoryState::RevertSequence => "revert",
            RepositoryState::CherryPick | RepositoryState::CherryPickSequence => "cherry-pick",
            RepositoryState::ApplyMailbox => "`git am`",
            _ => "rebase",
        };
        Err(CommitError::Busy { what, worktree: root.to_owned() })
    }

    /// Whether the worktree of that git folder is on the branch.
    fn is_held(&self, folder: &Path) -> Result<bool, CommitError> {
        let says = |file: &str, before: &str| -> Result<bool, CommitError> {
            let text = lock::read(&folder.join(file))?;
            Ok(text.is_some_and(|text| text.trim_end().strip_prefix(before) == Some(&self.reference)))
        };
        // A rebase takes the branch off HEAD, and will put it back where it thinks it was.
        Ok(says("HEAD", "ref: ")? || says("rebase-merge/head-name", "")? || says("rebase-apply/head-name", "")?)
    }

    /// Moves it, if it is still at `base`.
    pub(super) fn advance(
        &self,
        site: &Workspace,
        alone: &RepositoryLock,
        base: Oid,
        commit: &Commit,
    ) -> Result<(), AttemptError> {
        let _noted = alone.moving(&self.reference, commit.id)?;
        let mut transaction = site.repository.transaction()?;
        transaction.lock_ref(&self.reference).map_err(|error| match error.code() {
            ErrorCode::Locked => AttemptError::Locked(self.lock(site)),
            _ => error.into(),
        })?;
        if self.tip(site)? != base {
            return Err(AttemptError::Moved);
        }
        let log = format!("commit: {}", commit.subject);
        transaction.set_target(&self.reference, commit.id, Some(&commit.committer), &log)?;
        Ok(transaction.commit()?)
    }

    /// Git's lock of it.
    pub(super) fn lock(&self, site: &Workspace) -> PathBuf {
        site.repository.commondir().join(format!("{}.lock", self.reference))
    }
}

/// The git folders of the other linked worktrees.
///
/// Read as files: they come and go, and one that is half made or half gone cannot be opened.
fn linked(repository: &Repository) -> Result<Vec<PathBuf>, CommitError> {
    let folder = repository.commondir().join("worktrees");
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(CommitError::io(folder)(error)),
    };
    let folders = entries.filter_map(|entry| Some(entry.ok()?.path()));
    Ok(folders.filter(|folder| folder != repository.path()).collect())
}
