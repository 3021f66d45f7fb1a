//! A commit to the branch that is checked out, with an update of the working tree and of the index.
//!
//! The commit and the new files are prepared first. While flagctl holds git's `index.lock`, it replaces the files,
//! moves the branch, and replaces the index, in the same order as `git commit`. The lock contains the name of the
//! branch and the ids of the old and the new commit. A killed process leaves one of these states, each with that lock:
//!
//! 1. Some or all files are new, and the branch and the index are old. For git, these are uncommitted changes.
//! 2. The files and the branch are new, and the index is old. While the lock exists, git does not commit from the old
//!    index.
//!
//! The next run finds the lock. It restores the files in state 1, completes the index in state 2, and then removes the
//! lock. The process of the lock has ended, because the next run holds the [`RepositoryLock`]. A process that is killed
//! at any other time has either changed nothing visible or has completed the commit.
//!
//! **Invariant:** this module changes a file only after it has checked, under the lock, that the file has no
//! uncommitted changes.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use git2::build::CheckoutBuilder;
use git2::{ErrorCode, FileMode, Index, Oid, Status};

use crate::commit::attempt::AttemptError;
use crate::commit::branch::{Branch, Checkout};
use crate::commit::changeset;
use crate::commit::changeset::{CommitPlan, FileChange};
use crate::commit::commit_object::Commit;
use crate::commit::error::CommitError;
use crate::commit::index_entry::{index_entry, sparse_entry};
use crate::commit::lock;
use crate::commit::lock::RepositoryLock;
use crate::commit::working_file::{bytes, remove, replace};
use crate::commit::workspace::Workspace;

/// The first line of flagctl's lock, which explains the file to people who find it.
const LOCK_HEADER: &str = "flagctl is making a commit. If it was killed, run it again: it completes or undoes the \
                           commit, and removes this file.";

/// The names of prepared files and folders in flagctl's folder.
const PREPARED: [&str; 4] = ["files", "index", "index.lock", "mark"];

/// The working tree of the opened repository.
pub(super) struct Worktree<'r> {
    workspace: &'r Workspace,
    root: PathBuf,
    /// The folder for prepared files. It is in the git folder, so files that a killed process leaves in it have no
    /// effect on other programs.
    own_folder: PathBuf,
}

/// The state of a file before or after a change.
#[derive(Clone, Copy)]
enum Side {
    Old,
    New,
}

impl FileChange {
    fn side(&self, side: Side) -> Option<(Oid, FileMode)> {
        match side {
            Side::Old => self.old,
            Side::New => self.new,
        }
    }
}

impl<'r> Worktree<'r> {
    pub(super) fn new(workspace: &'r Workspace, root: PathBuf) -> Self {
        Self { workspace, root, own_folder: lock::flagctl_folder(workspace) }
    }

    /// Completes or undoes the commit of a killed process, if there is one, and removes its prepared files.
    ///
    /// # Errors
    /// Returns [`AttemptError::Occupied`] if the process is still running.
    pub(super) fn recover(&self) -> Result<(), AttemptError> {
        let has_leftovers = PREPARED.iter().chain([&lock::NOTE]).any(|name| self.own_folder.join(name).exists());
        if self.read_own_lock()?.is_none() && !has_leftovers {
            return Ok(());
        }
        let _lock = RepositoryLock::acquire(self.workspace)?;
        self.repair()?;
        self.remove_prepared();
        Ok(())
    }

    /// Removes the prepared files of a commit. The caller holds the [`RepositoryLock`]. A failure is ignored, because the
    /// files have no effect on other programs, and the next commit replaces them.
    fn remove_prepared(&self) {
        for path in PREPARED.map(|name| self.own_folder.join(name)) {
            let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        }
    }

    /// Checks that the files of a plan have no uncommitted changes.
    ///
    /// # Errors
    /// Returns [`CommitError::Dirty`] for a file that has uncommitted changes.
    pub(super) fn check(&self, branch: &Branch, plan: &CommitPlan) -> Result<(), AttemptError> {
        // If another flagctl process is writing, its files look like changes of the user, so this acquires the lock
        // first.
        let _lock = RepositoryLock::acquire(self.workspace)?;
        self.repair()?;
        if branch.tip(self.workspace)? != plan.base {
            return Err(AttemptError::Moved);
        }
        Ok(self.check_files(&plan.files)?)
    }

    /// Moves the branch, if it is still at the plan's base, and updates the files and the index.
    pub(super) fn advance(&self, branch: &Branch, plan: &CommitPlan, commit: &Commit) -> Result<(), AttemptError> {
        let repository_lock = RepositoryLock::acquire(self.workspace)?;
        self.repair()?;
        let advanced = self.advance_with_lock(&repository_lock, branch, plan, commit);
        self.remove_prepared();
        advanced
    }

    fn advance_with_lock(
        &self,
        repository_lock: &RepositoryLock,
        branch: &Branch,
        plan: &CommitPlan,
        commit: &Commit,
    ) -> Result<(), AttemptError> {
        let staged = self.stage(&plan.files, plan.tree, Side::New)?;
        let lock = self.lock_index(branch, plan, commit)?;
        // While the lock is held, no process can stage, commit or switch branches, so the checks are repeated here.
        let is_checked_out = matches!(branch.checkout(self.workspace)?, Checkout::InWorkspace(_));
        if !is_checked_out || branch.tip(self.workspace)? != plan.base {
            return Err(AttemptError::Moved);
        }
        self.check_files(&plan.files)?;
        // The move of the branch would also detect this, but only after the files were replaced.
        let branch_lock = branch.lock_path(self.workspace);
        if branch_lock.exists() {
            return Err(AttemptError::Locked(branch_lock));
        }
        let moved = self.put_files(&plan.files, &staged, Side::New).map_err(AttemptError::from).and_then(|()| {
            let index = self.write_index(&plan.files)?;
            branch.advance(self.workspace, repository_lock, plan.base, commit)?;
            Ok(index)
        });
        match moved {
            // If this fails, the lock stays until the next run. Without the lock, git would commit from the old index.
            Ok(index) => fs::rename(index, self.index_path()).map_err(|error| {
                lock.keep();
                CommitError::io(self.index_path())(error).into()
            }),
            Err(attempt_error) => {
                if let Err(error) = self.restore(&plan.files, plan.base) {
                    lock.keep();
                    return Err(error.into());
                }
                Err(attempt_error)
            }
        }
    }

    fn index_path(&self) -> PathBuf {
        self.workspace.repository.path().join("index")
    }

    fn lock_path(&self) -> PathBuf {
        self.workspace.repository.path().join("index.lock")
    }

    /// Acquires git's lock of the index. The lock is created together with its content, so no other process sees an
    /// empty lock.
    fn lock_index(&self, branch: &Branch, plan: &CommitPlan, commit: &Commit) -> Result<IndexLock, AttemptError> {
        let (path, prepared) = (self.lock_path(), self.own_folder.join("mark"));
        let text = format!("{LOCK_HEADER}\n{}\n{}\n{}\n", branch.reference, plan.base, commit.id);
        fs::write(&prepared, &text).map_err(CommitError::io(&prepared))?;
        let taken = fs::hard_link(&prepared, &path).or_else(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Err(error),
            // Some file systems do not support hard links.
            _ => File::create_new(&path).and_then(|mut file| io::Write::write_all(&mut file, text.as_bytes())),
        });
        let _ = fs::remove_file(&prepared);
        match taken {
            Ok(()) => Ok(IndexLock { path: Some(path) }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(AttemptError::Locked(path)),
            Err(error) => Err(CommitError::io(path)(error).into()),
        }
    }

    /// Returns the content of the lock of the index, if flagctl has written it.
    fn read_own_lock(&self) -> Result<Option<String>, CommitError> {
        Ok(lock::read_text(&self.lock_path())?.filter(|text| text.starts_with(LOCK_HEADER)))
    }

    /// Completes or undoes the commit of a killed process. The caller holds the [`RepositoryLock`], so any lock of
    /// flagctl belongs to a killed process.
    fn repair(&self) -> Result<(), AttemptError> {
        let Some(text) = self.read_own_lock()? else { return Ok(()) };
        let mut lines = text.lines().skip(1);
        let reference = lines.next().unwrap_or_default();
        let mut id = || lines.next().and_then(|id| Oid::from_str(id).ok());
        // If the lock is incomplete, the process has not changed anything else.
        if let (Some(old), Some(new)) = (id(), id()) {
            self.complete_or_undo(reference, old, new)?;
        }
        fs::remove_file(self.lock_path()).map_err(CommitError::io(self.lock_path()))?;
        Ok(())
    }

    /// Completes a commit if its branch is already at the commit, and undoes it otherwise.
    fn complete_or_undo(&self, reference: &str, old: Oid, new: Oid) -> Result<(), CommitError> {
        let repository = &self.workspace.repository;
        let files = changeset::changed_files(self.workspace, old, new)?;
        let tip = repository.refname_to_id(reference)?;
        if tip == new || repository.graph_descendant_of(tip, new)? {
            let index = self.write_index(&files)?;
            return fs::rename(index, self.index_path()).map_err(CommitError::io(self.index_path()));
        }
        let staged = self.stage(&files, repository.find_commit(new)?.tree_id(), Side::New)?;
        let is_of_commit = |file: &FileChange| {
            let current = bytes(&self.root.join(&file.path));
            match file.new {
                Some(_) => current.is_some() && current == bytes(&staged.join(&file.path)),
                None => current.is_none(),
            }
        };
        // A file with any other content was changed by the user since then.
        let files: Vec<_> = files.into_iter().filter(is_of_commit).collect();
        self.restore(&files, old)
    }

    /// Restores the files of the base in the working tree.
    fn restore(&self, files: &[FileChange], base: Oid) -> Result<(), CommitError> {
        let tree = self.workspace.repository.find_commit(base)?.tree_id();
        let staged = self.stage(files, tree, Side::Old)?;
        self.put_files(files, &staged, Side::Old)
    }

    /// Checks that files have no uncommitted changes in the index and in the working tree.
    fn check_files(&self, files: &[FileChange]) -> Result<(), CommitError> {
        let mut index = self.workspace.repository.index()?;
        index.read(false)?;
        for file in files {
            let dirty = || CommitError::Dirty(file.path.clone());
            let path = self.root.join(&file.path);
            let mut folders = path.ancestors().skip(1).take_while(|folder| *folder != self.root);
            if folders.any(|folder| folder.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink())) {
                return Err(CommitError::Link(file.path.clone()));
            }
            if let Some(entry) = sparse_entry(&index, &file.path) {
                let is_same = file.old.is_some_and(|(id, _)| id == entry.id);
                if is_same && path.symlink_metadata().is_err() { continue } else { return Err(dirty()) }
            }
            if let Some((id, FileMode::Commit)) = file.old {
                let is_staged = index.get_path(Path::new(&file.path), 0).is_some_and(|entry| entry.id == id);
                if is_staged && is_absent_or_empty(&path) { continue } else { return Err(dirty()) }
            }
            match self.workspace.repository.status_file(Path::new(&file.path)) {
                Ok(Status::CURRENT) if file.old.is_some() => {}
                Ok(_) => return Err(dirty()),
                Err(error) if error.code() == ErrorCode::NotFound && file.old.is_none() => {}
                Err(error) if matches!(error.code(), ErrorCode::NotFound | ErrorCode::Ambiguous) => return Err(dirty()),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Writes files to a temporary folder, with the line endings and filters of the working tree, and returns the
    /// folder.
    fn stage(&self, files: &[FileChange], tree: Oid, side: Side) -> Result<PathBuf, CommitError> {
        let folder = self.own_folder.join("files");
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(CommitError::io(folder)(error)),
            _ => fs::create_dir_all(&folder).map_err(CommitError::io(&folder))?,
        }
        let present: Vec<_> = files.iter().filter(|file| file.side(side).is_some()).collect();
        if present.is_empty() {
            // libgit2 interprets an empty list of paths as all paths.
            return Ok(folder);
        }
        let mut checkout = CheckoutBuilder::new();
        checkout.force().update_index(false).disable_pathspec_match(true).target_dir(&folder);
        for file in &present {
            checkout.path(file.path.as_str());
        }
        let tree = self.workspace.repository.find_tree(tree)?;
        self.workspace.repository.checkout_tree(tree.as_object(), Some(&mut checkout))?;
        for file in &present {
            let path = folder.join(&file.path);
            if let (Some((id, FileMode::Blob)), Err(_)) = (file.side(side), path.symlink_metadata()) {
                // libgit2 does not check out a file that replaces a link or a submodule.
                self.write_blob(id, &path).map_err(CommitError::io(&path))?;
            }
            if path.symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
                File::open(&path).and_then(|file| file.sync_all()).map_err(CommitError::io(&path))?;
            }
        }
        Ok(folder)
    }

    /// Writes the bytes of a blob to a new file, without filters.
    fn write_blob(&self, id: Oid, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path.parent().unwrap_or(path))?;
        let blob = self.workspace.repository.find_blob(id).map_err(io::Error::other)?;
        fs::write(path, blob.content())
    }

    /// Writes the old or the new files of the changes to the working tree. Each file is replaced atomically.
    fn put_files(&self, files: &[FileChange], staged: &Path, side: Side) -> Result<(), CommitError> {
        let mut index = self.workspace.repository.index()?;
        index.read(false)?;
        for file in files.iter().filter(|file| sparse_entry(&index, &file.path).is_none()) {
            let path = self.root.join(&file.path);
            let result = match file.side(side) {
                // The folder of a submodule is empty, because only such a submodule is replaced.
                Some((_, FileMode::Commit)) => remove(&path, &self.root).and_then(|()| fs::create_dir_all(&path)),
                Some(_) => replace(&staged.join(&file.path), &path),
                None => remove(&path, &self.root),
            };
            result.map_err(CommitError::io(path))?;
        }
        Ok(())
    }

    /// Writes a copy of the index that includes the changes, and returns its path.
    fn write_index(&self, files: &[FileChange]) -> Result<PathBuf, CommitError> {
        let (path, new) = (self.index_path(), self.own_folder.join("index"));
        for leftover in [&new, &new.with_extension("lock")] {
            let _ = fs::remove_file(leftover);
        }
        if path.exists() {
            fs::copy(&path, &new).map_err(CommitError::io(&new))?;
        }
        let mut index = Index::open(&new)?;
        for file in files {
            let flags = sparse_entry(&index, &file.path).map_or(0, |entry| entry.flags_extended);
            match file.new {
                Some((id, mode)) => index.add(&index_entry(&self.root, &file.path, id, mode, flags))?,
                // If this completes the commit of a killed process, that process may already have removed the entry.
                None if index.get_path(Path::new(&file.path), 0).is_none() => {}
                None => index.remove(Path::new(&file.path), 0)?,
            }
        }
        index.write()?;
        Ok(new)
    }
}

/// Returns whether a submodule has no files in the working tree.
fn is_absent_or_empty(folder: &Path) -> bool {
    match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// Git's lock of the index. Dropping this value removes the lock.
struct IndexLock {
    path: Option<PathBuf>,
}

impl IndexLock {
    /// Keeps the lock on disk for [`Worktree::repair`].
    fn keep(mut self) {
        self.path = None;
    }
}

impl Drop for IndexLock {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            let _ = fs::remove_file(path);
        }
    }
}
