//! Commits to the branch that is checked out: its files and its index follow.
//!
//! All is made ready first; then, with `index.lock` held as git holds it, the files are put in place, the branch
//! moves, and the new index takes the old one's place, in the order of `git commit` itself. The lock's content
//! says which commit it is for. A process that is killed leaves one of these states, each with that lock:
//!
//! 1. some or all files are new, branch and index are old: to git they are uncommitted changes;
//! 2. files and branch are new, the index is old: as long as the lock is there, git commits nothing from it.
//!
//! The next run finds the lock, and takes the files back in state 1, completes the index in state 2; then the lock
//! goes. It knows that the lock's process is gone because it is [`RepositoryLock`]. Killed at any other time, nothing
//! visible has begun, or all is done.
//!
//! **Invariant:** whatever is changed here was as committed a moment before, under the lock.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use git2::build::CheckoutBuilder;
use git2::{ErrorCode, FileMode, Index, IndexEntry, IndexTime, Oid, Status};
use tempfile::NamedTempFile;

use crate::commit::CommitError;
use crate::commit::branch::{Branch, Checkout, Workspace};
use crate::commit::changeset;
use crate::commit::changeset::Plan;
use crate::commit::commit_object::Commit;
use crate::commit::lock;
use crate::commit::lock::RepositoryLock;
use crate::commit::retry::AttemptError;

/// How the lock begins that is held here; whoever meets it may read what to do.
const MARK: &str =
    "flagctl is making a commit. If it was ended, run it once more: it finishes or undoes, and removes this.";

/// An index entry's flag for a file that a sparse checkout leaves out.
const SKIP_WORKTREE: u16 = 1 << 14;

/// The working tree of the opened repository.
pub(super) struct Worktree<'r> {
    site: &'r Workspace,
    root: PathBuf,
    /// What is made ready is kept in the git folder: what a kill leaves there is in nobody's way.
    own: PathBuf,
}

/// Which side of a change.
#[derive(Clone, Copy)]
enum Side {
    Old,
    New,
}

impl changeset::File {
    fn side(&self, side: Side) -> Option<(Oid, FileMode)> {
        match side {
            Side::Old => self.old,
            Side::New => self.new,
        }
    }
}

impl<'r> Worktree<'r> {
    pub(super) fn new(site: &'r Workspace, root: PathBuf) -> Self {
        Self { site, root, own: lock::folder(site) }
    }

    /// Ends what a killed process had begun.
    pub(super) fn recover(&self) -> Result<(), AttemptError> {
        if self.mark()?.is_none() {
            return Ok(());
        }
        let _alone = RepositoryLock::enter(self.site)?;
        self.repair()
    }

    /// Whether the files of a plan are as committed.
    pub(super) fn check(&self, branch: &Branch, plan: &Plan) -> Result<(), AttemptError> {
        // Another flagctl's files would look like the person's while it works.
        let _alone = RepositoryLock::enter(self.site)?;
        self.repair()?;
        if branch.tip(self.site)? != plan.base {
            return Err(AttemptError::Moved);
        }
        Ok(self.check_files(&plan.files)?)
    }

    /// Moves the branch, if it is still where the plan found it, and lets files and index follow.
    pub(super) fn advance(&self, branch: &Branch, plan: &Plan, commit: &Commit) -> Result<(), AttemptError> {
        let alone = RepositoryLock::enter(self.site)?;
        self.repair()?;
        let staged = self.stage(&plan.files, plan.tree, Side::New)?;
        let lock = self.lock(branch, plan, commit)?;
        // Under the lock nobody stages, commits or switches; what was true before may not be now.
        let here = matches!(branch.checkout(self.site)?, Checkout::Here(_));
        if !here || branch.tip(self.site)? != plan.base {
            return Err(AttemptError::Moved);
        }
        self.check_files(&plan.files)?;
        // The move itself would find it, but then files would have gone back and forth for every try.
        if branch.lock(self.site).exists() {
            return Err(AttemptError::Locked(branch.lock(self.site)));
        }
        let moved = self.put(&plan.files, &staged, Side::New).map_err(AttemptError::from).and_then(|()| {
            let index = self.index(&plan.files)?;
            branch.advance(self.site, &alone, plan.base, commit)?;
            Ok(index)
        });
        match moved {
            // If this fails, the lock stays for the next run: without it git would commit from the old index.
            Ok(index) => fs::rename(index, self.index_path()).map_err(|error| {
                lock.keep();
                CommitError::io(self.index_path())(error).into()
            }),
            Err(setback) => {
                if let Err(error) = self.take_back(&plan.files, plan.base) {
                    lock.keep();
                    return Err(error.into());
                }
                Err(setback)
            }
        }
    }

    fn index_path(&self) -> PathBuf {
        self.site.repository.path().join("index")
    }

    fn lock_path(&self) -> PathBuf {
        self.site.repository.path().join("index.lock")
    }

    /// Takes git's lock of the index; what it is for stands in it from its first moment.
    fn lock(&self, branch: &Branch, plan: &Plan, commit: &Commit) -> Result<Lock, AttemptError> {
        let (path, ready) = (self.lock_path(), self.own.join("mark"));
        let text = format!("{MARK}\n{}\n{}\n{}\n", branch.reference, plan.base, commit.id);
        fs::write(&ready, &text).map_err(CommitError::io(&ready))?;
        let taken = fs::hard_link(&ready, &path).or_else(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Err(error),
            // Some file systems have no links.
            _ => File::create_new(&path).and_then(|mut file| io::Write::write_all(&mut file, text.as_bytes())),
        });
        let _ = fs::remove_file(&ready);
        match taken {
            Ok(()) => Ok(Lock { path: Some(path) }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(AttemptError::Locked(path)),
            Err(error) => Err(CommitError::io(path)(error).into()),
        }
    }

    /// What the lock of the index says, if a flagctl has written it.
    fn mark(&self) -> Result<Option<String>, CommitError> {
        Ok(lock::read(&self.lock_path())?.filter(|text| text.starts_with(MARK)))
    }

    /// To be called alone: then a lock of flagctl's is one that a killed process has left.
    fn repair(&self) -> Result<(), AttemptError> {
        let Some(mark) = self.mark()? else { return Ok(()) };
        let mut lines = mark.lines().skip(1);
        let reference = lines.next().unwrap_or_default();
        let mut id = || lines.next().and_then(|id| Oid::from_str(id).ok());
        // A lock that was cut short was taken and not used yet.
        if let (Some(old), Some(new)) = (id(), id()) {
            self.end(reference, old, new)?;
        }
        fs::remove_file(self.lock_path()).map_err(CommitError::io(self.lock_path()))?;
        Ok(())
    }

    /// Completes a commit that its branch has, and takes back one that it has not.
    fn end(&self, reference: &str, old: Oid, new: Oid) -> Result<(), CommitError> {
        let repository = &self.site.repository;
        let files = changeset::between(self.site, old, new)?;
        let tip = repository.refname_to_id(reference)?;
        if tip == new || repository.graph_descendant_of(tip, new)? {
            let index = self.index(&files)?;
            return fs::rename(index, self.index_path()).map_err(CommitError::io(self.index_path()));
        }
        let staged = self.stage(&files, repository.find_commit(new)?.tree_id(), Side::New)?;
        let begun = |file: &changeset::File| {
            let now = bytes(&self.root.join(&file.path));
            match file.new {
                Some(_) => now.is_some() && now == bytes(&staged.join(&file.path)),
                None => now.is_none(),
            }
        };
        // A file that is not the commit's is the person's by now.
        let files: Vec<_> = files.into_iter().filter(begun).collect();
        self.take_back(&files, old)
    }

    fn take_back(&self, files: &[changeset::File], base: Oid) -> Result<(), CommitError> {
        let tree = self.site.repository.find_commit(base)?.tree_id();
        let staged = self.stage(files, tree, Side::Old)?;
        self.put(files, &staged, Side::Old)
    }

    fn check_files(&self, files: &[changeset::File]) -> Result<(), CommitError> {
        let mut index = self.site.repository.index()?;
        index.read(false)?;
        for file in files {
            let dirty = || CommitError::Dirty(file.path.clone());
            let place = self.root.join(&file.path);
            let mut folders = place.ancestors().skip(1).take_while(|folder| *folder != self.root);
            if folders.any(|folder| folder.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink())) {
                return Err(CommitError::Link(file.path.clone()));
            }
            if let Some(entry) = left_out(&index, &file.path) {
                let same = file.old.is_some_and(|(id, _)| id == entry.id);
                if same && place.symlink_metadata().is_err() { continue } else { return Err(dirty()) }
            }
            match self.site.repository.status_file(Path::new(&file.path)) {
                Ok(Status::CURRENT) if file.old.is_some() => {}
                Ok(_) => return Err(dirty()),
                Err(error) if error.code() == ErrorCode::NotFound && file.old.is_none() => {}
                Err(error) if matches!(error.code(), ErrorCode::NotFound | ErrorCode::Ambiguous) => return Err(dirty()),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The files as they will be in the working tree, line ends and all, on disk in a folder of their own.
    fn stage(&self, files: &[changeset::File], tree: Oid, side: Side) -> Result<PathBuf, CommitError> {
        let folder = self.own.join("files");
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(CommitError::io(folder)(error)),
            _ => fs::create_dir_all(&folder).map_err(CommitError::io(&folder))?,
        }
        let present: Vec<_> = files.iter().filter(|file| file.side(side).is_some()).collect();
        if present.is_empty() {
            // No path at all would mean every path.
            return Ok(folder);
        }
        let mut checkout = CheckoutBuilder::new();
        checkout.force().update_index(false).disable_pathspec_match(true).target_dir(&folder);
        for file in &present {
            checkout.path(file.path.as_str());
        }
        let tree = self.site.repository.find_tree(tree)?;
        self.site.repository.checkout_tree(tree.as_object(), Some(&mut checkout))?;
        for file in &present {
            let path = folder.join(&file.path);
            File::open(&path).and_then(|file| file.sync_all()).map_err(CommitError::io(&path))?;
        }
        Ok(folder)
    }

    /// Puts one side of the changes in the working tree, each file at once and whole.
    fn put(&self, files: &[changeset::File], staged: &Path, side: Side) -> Result<(), CommitError> {
        let mut index = self.site.repository.index()?;
        index.read(false)?;
        for file in files.iter().filter(|file| left_out(&index, &file.path).is_none()) {
            let place = self.root.join(&file.path);
            let done = match file.side(side) {
                Some(_) => replace(&staged.join(&file.path), &place),
                None => remove(&place, &self.root),
            };
            done.map_err(CommitError::io(place))?;
        }
        Ok(())
    }

    /// A copy of the index with the changes, ready to take its place.
    fn index(&self, files: &[changeset::File]) -> Result<PathBuf, CommitError> {
        let (path, new) = (self.index_path(), self.own.join("index"));
        for rest in [&new, &new.with_extension("lock")] {
            let _ = fs::remove_file(rest);
        }
        if path.exists() {
            fs::copy(&path, &new).map_err(CommitError::io(&new))?;
        }
        let mut index = Index::open(&new)?;
        for file in files {
            let flags = left_out(&index, &file.path).map_or(0, |entry| entry.flags_extended);
            match file.new {
                Some((id, mode)) => index.add(&self.entry(&file.path, id, mode, flags))?,
                // A process that was killed may have come as far as this.
                None if index.get_path(Path::new(&file.path), 0).is_none() => {}
                None => index.remove(Path::new(&file.path), 0)?,
            }
        }
        index.write()?;
        Ok(new)
    }

    fn entry(&self, path: &str, id: Oid, mode: FileMode, flags_extended: u16) -> IndexEntry {
        let nothing = IndexTime::new(0, 0);
        let mut entry = IndexEntry {
            ctime: nothing,
            mtime: nothing,
            dev: 0,
            ino: 0,
            mode: u32::from(mode),
            uid: 0,
            gid: 0,
            file_size: 0,
            id,
            flags: 0,
            flags_extended,
            path: path.as_bytes().to_vec(),
        };
        remember(&mut entry, &self.root.join(path));
        entry
    }
}

/// Git's lock of the index.
struct Lock {
    path: Option<PathBuf>,
}

impl Lock {
    /// Leaves it for [`Worktree::repair`].
    fn keep(mut self) {
        self.path = None;
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            let _ = fs::remove_file(path);
        }
    }
}

/// The index entry of a file that a sparse checkout leaves out.
fn left_out(index: &Index, path: &str) -> Option<IndexEntry> {
    index.get_path(Path::new(path), 0).filter(|entry| entry.flags_extended & SKIP_WORKTREE != 0)
}

/// What tells git that a file is unchanged without reading it; left out, git reads it once.
#[cfg(unix)]
fn remember(entry: &mut IndexEntry, place: &Path) {
    use std::os::unix::fs::MetadataExt;
    // As git stores them: 32 bits each, whatever more there is.
    let low = |number: u64| u32::try_from(number & u64::from(u32::MAX)).unwrap_or(0);
    let time = |seconds: i64, nanoseconds: i64| {
        IndexTime::new(i32::try_from(seconds).unwrap_or(0), u32::try_from(nanoseconds).unwrap_or(0))
    };
    if let Ok(metadata) = place.symlink_metadata() {
        entry.ctime = time(metadata.ctime(), metadata.ctime_nsec());
        entry.mtime = time(metadata.mtime(), metadata.mtime_nsec());
        entry.dev = low(metadata.dev());
        entry.ino = low(metadata.ino());
        entry.uid = metadata.uid();
        entry.gid = metadata.gid();
        entry.file_size = low(metadata.size());
    }
}

/// What tells git that a file is unchanged without reading it; left out, git reads it once.
#[cfg(not(unix))]
fn remember(_: &mut IndexEntry, _: &Path) {}

/// A file's bytes, if it can be read.
fn bytes(path: &Path) -> Option<Vec<u8>> {
    #[allow(clippy::disallowed_methods, reason = "compared, not read as a definition")]
    fs::read(path).ok()
}

/// Moves a file over another.
fn replace(ready: &Path, place: &Path) -> io::Result<()> {
    let folder = place.parent().unwrap_or(place);
    fs::create_dir_all(folder)?;
    match fs::rename(ready, place) {
        // The git folder may be on another disk.
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            let near = NamedTempFile::with_prefix_in(".flagctl-", folder)?;
            fs::copy(ready, near.path())?;
            near.as_file().sync_all()?;
            near.persist(place)?;
            Ok(())
        }
        done => done,
    }
}

/// Removes a file, and the folders that it leaves empty, which git does not know.
fn remove(place: &Path, root: &Path) -> io::Result<()> {
    match fs::remove_file(place) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    for folder in place.ancestors().skip(1).take_while(|folder| *folder != root) {
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
    Ok(())
}
