//! A git repository, as far as it is read.
//!
//! **Invariant:** nothing is checked out or fetched, and nothing written but what is remembered of objects.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};

use git2::{ErrorCode, RepositoryOpenFlags};

use crate::snapshot::PROJECT_FILE;
use crate::source::error::GitError;
use crate::source::rev_parse;
use crate::source::rev_parse::Rev;
use crate::source::revision::join;
use crate::source::tree_cache::Trees;
use crate::source::word_index::Words;
use crate::source::{Folder, Revision, SourceError};

/// A git repository, and the place in it from which flags are looked for.
pub struct Repository {
    /// Git's own folder.
    place: PathBuf,
    /// The one that all worktrees share.
    pub(super) shared: PathBuf,
    /// What is checked out; a bare repository has none.
    workdir: Option<PathBuf>,
    start: Start,
    /// libgit2's handles may move between threads and not be shared: each reader takes one, and gives it back.
    idle: Mutex<Vec<git2::Repository>>,
    pub(super) trees: Trees,
    /// None before any is asked for.
    pub(super) words: Mutex<Option<Words>>,
}

/// Where the flag repository is expected.
enum Start {
    /// It is there now, so there it is at any revision.
    Project(String),
    /// It is looked for from there upwards.
    Folder(String),
}

impl Repository {
    /// The repository at or above a folder; of a submodule, its own.
    ///
    /// # Errors
    /// [`SourceError::Git`] if there is none, or none that can be read.
    pub fn find(start: &Path) -> Result<Self, SourceError> {
        static SETTINGS: Once = Once::new();
        // Hashing every object anew is a third of the time of reading it. Git does not either: it verifies
        // objects when they arrive and when `git fsck` asks for it.
        SETTINGS.call_once(|| {
            git2::opts::strict_hash_verification(false);
            // What is needed again is remembered here, and a history has too many objects to keep all of them.
            git2::opts::enable_caching(false);
        });
        // A revision may have the folders that are not there any more.
        let there = start.ancestors().find(|above| above.is_dir()).unwrap_or(Path::new("."));
        let start = fs::canonicalize(there).map_err(|error| SourceError::Io { path: start.to_owned(), error })?;
        let handle = open(&start).map_err(|error| refusal(&start, error))?;
        let workdir = handle.workdir().and_then(|workdir| fs::canonicalize(workdir).ok());
        let inside = |folder: &Path| folder.strip_prefix(workdir.as_deref()?).ok().map(slashes);
        let project = Folder::find(&start).ok().and_then(|project| inside(project.root()));
        let start = match project {
            Some(project) => Start::Project(project),
            // A start in a bare repository, or in `.git`, says nothing about a place in it.
            None => Start::Folder(inside(&start).unwrap_or_default()),
        };
        let (place, shared) = (handle.path().to_owned(), handle.commondir().to_owned());
        let idle = Mutex::new(vec![handle]);
        Ok(Self { place, shared, workdir, start, idle, trees: Trees::default(), words: Mutex::default() })
    }

    /// The flag repository as it is at a revision.
    ///
    /// # Errors
    /// [`SourceError::Git`] if there is no such revision, or no flag repository in it.
    pub fn revision(self: &Arc<Self>, rev: &Rev) -> Result<Revision, SourceError> {
        let revision = self.beginning(rev)?;
        if revision.has(PROJECT_FILE)? { Ok(revision) } else { Err(missing(&revision)?.into()) }
    }

    /// As [`Repository::revision`], of a time at which there may have been no flag repository yet.
    ///
    /// # Errors
    /// [`SourceError::Git`] if there is no such revision.
    pub fn beginning(self: &Arc<Self>, rev: &Rev) -> Result<Revision, SourceError> {
        let root = self.with(|handle| {
            let (commit, name) = rev_parse::resolve(handle, rev)?;
            Ok::<_, GitError>(Revision::new(Arc::clone(self), name, &handle.find_commit(commit)?))
        })?;
        let folder = match &self.start {
            Start::Project(folder) => folder.clone(),
            Start::Folder(start) => nearest(&root, start)?,
        };
        Ok(root.below(folder))
    }

    /// What git's paths are relative to: the top of the working tree, or the bare repository itself.
    pub fn top(&self) -> &Path {
        self.workdir.as_deref().unwrap_or(&self.place)
    }

    /// Whether nothing is ever checked out there.
    pub fn is_bare(&self) -> bool {
        self.workdir.is_none()
    }

    /// Where what is remembered stands.
    pub(super) fn memory(&self) -> PathBuf {
        self.shared.join("flagctl")
    }

    /// A handle of its own, which is given to nobody else.
    pub(super) fn apart(&self) -> Result<git2::Repository, git2::Error> {
        open(&self.place)
    }

    pub(super) fn workdir(&self) -> Option<&Path> {
        self.workdir.as_deref()
    }

    /// Whether objects may be missing that are only fetched when git needs them.
    pub(super) fn is_partial(&self) -> bool {
        let promised = |handle: &git2::Repository| {
            let config = handle.config()?.snapshot()?;
            let mut entries = config.entries(Some(r"^remote\..*\.promisor$"))?;
            Ok::<_, git2::Error>(entries.next().is_some())
        };
        self.with(promised).unwrap_or(false)
    }

    /// Does something with a handle that no other thread has.
    pub(super) fn with<T, E: From<git2::Error>>(
        &self,
        work: impl FnOnce(&git2::Repository) -> Result<T, E>,
    ) -> Result<T, E> {
        let idle = locked(&self.idle).pop();
        let handle = idle.map_or_else(|| open(&self.place), Ok)?;
        let result = work(&handle);
        locked(&self.idle).push(handle);
        result
    }
}

/// Opens as git would: a hook's variables count, such as those that lead to the objects of a push.
fn open(start: &Path) -> Result<git2::Repository, git2::Error> {
    git2::Repository::open_ext(start, RepositoryOpenFlags::FROM_ENV, &[] as &[&Path])
}

/// The flag repository at or above a folder at that revision or, where there is none, the only one near the root.
fn nearest(root: &Revision, start: &str) -> Result<String, GitError> {
    let mut folder = start;
    loop {
        if root.has(&join(folder, PROJECT_FILE))? {
            return Ok(folder.to_owned());
        }
        if folder.is_empty() {
            break;
        }
        folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
    }
    match root.projects()?.as_slice() {
        [only] => Ok(only.clone()),
        [] => Ok(String::new()),
        several => {
            let help = format!("; it is in {}: start in one of them, or name it with `-C`", paths(several));
            Err(GitError::NoProject { path: PROJECT_FILE.to_owned(), rev: root.name().to_owned(), help })
        }
    }
}

/// Says that the revision has no flag repository where it was expected, and where it has one.
fn missing(revision: &Revision) -> Result<GitError, GitError> {
    let (path, rev) = (revision.prefix() + PROJECT_FILE, revision.name().to_owned());
    let elsewhere = revision.projects()?;
    let help = if elsewhere.is_empty() {
        format!("; `git log --all -- {path}` shows since when there is one")
    } else {
        let above = "a folder that now has no `flagctl.yaml` above it";
        format!("; it is in {}, which is read when started in {above}", paths(&elsewhere))
    };
    Ok(GitError::NoProject { path, rev, help })
}

/// Folders of git's, for a message.
fn paths(folders: &[String]) -> String {
    let shown =
        folders.iter().map(|folder| if folder.is_empty() { "the root".to_owned() } else { format!("`{folder}`") });
    shown.collect::<Vec<_>>().join(", ")
}

/// From git's root, with `/` between the parts.
fn slashes(path: &Path) -> String {
    let parts = path.components().map(|part| part.as_os_str().to_string_lossy());
    parts.collect::<Vec<_>>().join("/")
}

fn refusal(start: &Path, error: git2::Error) -> GitError {
    // libgit2 names what it refuses only in its messages.
    let message = error.message();
    let unsupported = |extension: String, help| GitError::Unsupported { folder: start.to_owned(), extension, help };
    match error.code() {
        ErrorCode::NotFound => GitError::NoRepository(start.to_owned()),
        ErrorCode::Owner => {
            let named = message.split('\'').nth(1).map(|path| Path::new(path.trim_end_matches('/')));
            // A working folder is trusted by its own path, not by that of the `.git` in it.
            let named = named.unwrap_or(start);
            let parent = named.parent().filter(|_| named.ends_with(".git"));
            GitError::Foreign(parent.unwrap_or(named).to_owned())
        }
        _ if message.contains("extensions.refstorage") => unsupported(
            "the reftable format (`extensions.refStorage`)".to_owned(),
            "`git refs migrate --ref-format=files` of git 2.48 converts it, and `git clone --ref-format=files` makes a copy",
        ),
        _ if message.starts_with("unsupported") || message.starts_with("unknown object format") => {
            let named = message.rsplit(' ').next().filter(|name| name.starts_with("extensions."));
            let extension = named.map_or_else(|| format!("something new ({message})"), |name| format!("`{name}`"));
            unsupported(extension, "a fresh `git clone` does without it")
        }
        _ => GitError::Other(error),
    }
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whoever panicked left nothing half done: handles and trees go in whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
