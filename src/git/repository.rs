//! An open git repository with its caches.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Once};

use git2::{ErrorCode, ObjectType};

use crate::git::error::GitError;
use crate::git::handles;
use crate::git::handles::HandlePool;
use crate::git::object_cache::CacheWrites;
use crate::git::tree_cache::TreeCache;
use crate::git::word_index::WordIndex;

/// The name of the folder in git's folder that contains the cache files.
const CACHE_FOLDER: &str = "flagctl";
/// The usual names of the default branch, for a clone without `origin/HEAD`.
const DEFAULT_BRANCHES: [&str; 4] = ["main", "master", "origin/main", "origin/master"];

/// The branch that people publish from, as far as this clone knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublishedBranch {
    /// The full reference of the default branch of the remote `origin`, such as `refs/remotes/origin/main`.
    Remote(String),
    /// The repository has no remote, so it is not a copy of another one.
    Local,
    /// The repository has a remote, and does not know its default branch.
    Unknown,
}

/// A git repository that is open for reading.
pub struct Repository {
    git_folder: PathBuf,
    /// This is `None` in a bare repository.
    workdir: Option<PathBuf>,
    pub(super) handles: Arc<HandlePool>,
    pub(super) trees: TreeCache,
    pub(super) words: WordIndex,
}

impl Repository {
    /// Opens the repository at or above a folder. For a folder in a submodule, this is the submodule's repository.
    ///
    /// # Errors
    /// Returns [`GitError`] if there is no repository, or if it cannot be read.
    pub fn open(start: &Path, cache_writes: CacheWrites) -> Result<Self, GitError> {
        static SETTINGS: Once = Once::new();
        SETTINGS.call_once(|| {
            // Verifying the hash of an object takes a third of the time of reading it. Git does not verify it on each
            // read either, but when it receives the object and when `git fsck` runs.
            git2::opts::strict_hash_verification(false);
            // The caches of this module keep the objects that are read again. A history has too many objects to keep
            // all of them.
            git2::opts::enable_caching(false);
        });
        let handle = handles::open(start).map_err(|error| explain_open(start, error))?;
        let workdir = handle.workdir().and_then(|workdir| fs::canonicalize(workdir).ok());
        // All worktrees share the common folder.
        let (git_folder, cache_folder) = (handle.path().to_owned(), handle.commondir().join(CACHE_FOLDER));
        let handles = Arc::new(HandlePool::new(handle));
        let trees = TreeCache::new(Arc::clone(&handles), cache_folder.clone(), cache_writes);
        let words = WordIndex::new(Arc::clone(&handles), cache_folder, cache_writes);
        Ok(Self { git_folder, workdir, handles, trees, words })
    }

    /// Returns the same repository with additional objects, which are only in memory. It writes no cache files.
    ///
    /// # Errors
    /// Returns [`GitError`] if the repository cannot be opened again.
    pub(super) fn with_objects(&self, objects: Vec<(ObjectType, Vec<u8>)>) -> Result<Self, GitError> {
        let handles = Arc::new(self.handles.with_objects(objects));
        let cache_folder = handles.with(|handle| Ok::<_, GitError>(handle.commondir().join(CACHE_FOLDER)))?;
        let trees = TreeCache::new(Arc::clone(&handles), cache_folder.clone(), CacheWrites::Forbidden);
        let words = WordIndex::new(Arc::clone(&handles), cache_folder, CacheWrites::Forbidden);
        Ok(Self { git_folder: self.git_folder.clone(), workdir: self.workdir.clone(), handles, trees, words })
    }

    /// Returns git's root, to which its paths are relative: the top of the working tree, or the folder of a bare
    /// repository.
    pub fn top_folder(&self) -> &Path {
        self.workdir.as_deref().unwrap_or(&self.git_folder)
    }

    /// Returns the top of the working tree, or `None` in a bare repository.
    pub fn workdir(&self) -> Option<&Path> {
        self.workdir.as_deref()
    }

    /// Returns whether the repository has no working tree.
    pub fn is_bare(&self) -> bool {
        self.workdir.is_none()
    }

    /// Returns the default branch of the remote `origin`. If it is unknown, returns `main` or `master`, or `None` if
    /// neither exists.
    ///
    /// # Errors
    /// Returns [`GitError`] if references cannot be read.
    pub fn default_branch(&self) -> Result<Option<String>, GitError> {
        self.handles.with(|handle| {
            let remote = handle.find_reference("refs/remotes/origin/HEAD").ok();
            let remote = remote.and_then(|head| {
                let target = head.symbolic_target().ok().flatten()?.strip_prefix("refs/remotes/")?.to_owned();
                handle.resolve_reference_from_short_name(&target).is_ok().then_some(target)
            });
            let exists = |name: &&str| handle.resolve_reference_from_short_name(name).is_ok();
            Ok(remote.or_else(|| DEFAULT_BRANCHES.into_iter().find(exists).map(str::to_owned)))
        })
    }

    /// Returns the name of the branch that is checked out, also if it has no commits yet. Returns `None` if no branch is.
    ///
    /// # Errors
    /// Returns [`GitError`] if `HEAD` cannot be read.
    pub fn checked_out_branch(&self) -> Result<Option<String>, GitError> {
        self.handles.with(|handle| {
            let head = handle.find_reference("HEAD")?;
            Ok(head.symbolic_target()?.and_then(|target| target.strip_prefix("refs/heads/")).map(str::to_owned))
        })
    }

    /// Returns the branch that counts as published. A pushed branch cannot change the answer, because it
    /// comes from the settings of this clone.
    ///
    /// # Errors
    /// Returns [`GitError`] if the settings or references cannot be read.
    pub fn published_branch(&self) -> Result<PublishedBranch, GitError> {
        self.handles.with(|handle| {
            if handle.remotes()?.is_empty() {
                return Ok(PublishedBranch::Local);
            }
            let head = handle.find_reference("refs/remotes/origin/HEAD").ok();
            let target = head.and_then(|head| head.symbolic_target().ok().flatten().map(str::to_owned));
            let branch = target.filter(|target| handle.find_reference(target).is_ok());
            Ok(branch.map_or(PublishedBranch::Unknown, PublishedBranch::Remote))
        })
    }

    /// Returns whether the clone lacks older commits.
    pub fn is_shallow(&self) -> bool {
        self.handles.with(|handle| Ok::<_, git2::Error>(handle.is_shallow())).unwrap_or(false)
    }

    /// Returns whether this is a partial clone, which may lack objects until git fetches them.
    pub(super) fn is_partial_clone(&self) -> bool {
        let has_promisor = |handle: &git2::Repository| {
            let config = handle.config()?.snapshot()?;
            let mut entries = config.entries(Some(r"^remote\..*\.promisor$"))?;
            Ok::<_, git2::Error>(entries.next().is_some())
        };
        self.handles.with(has_promisor).unwrap_or(false)
    }
}

/// Finds out why a repository cannot be opened, from the message of libgit2, because its error codes do not contain the
/// reason.
fn explain_open(start: &Path, error: git2::Error) -> GitError {
    let message = error.message();
    let unsupported = |extension: String, help| GitError::Unsupported { folder: start.to_owned(), extension, help };
    match error.code() {
        ErrorCode::NotFound => GitError::NoRepository(start.to_owned()),
        ErrorCode::Owner => {
            let named = message.split('\'').nth(1).map(|path| Path::new(path.trim_end_matches('/')));
            // Git's setting `safe.directory` contains paths of working trees, not paths of `.git` folders.
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
            let extension =
                named.map_or_else(|| format!("an unknown extension ({message})"), |name| format!("`{name}`"));
            unsupported(extension, "a new `git clone` does not use it")
        }
        _ => GitError::Other(error),
    }
}
