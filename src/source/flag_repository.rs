//! The search for the flag repository in the commits of a git repository.
//!
//! A flag repository is the folder with a [`PROJECT_FILE`]. An old commit may have this folder at another path, or may
//! not have it. If the working tree has a flag repository at or above the current folder, the search uses the same path
//! at every revision. Otherwise, for example in a bare repository, it searches each revision from the current folder
//! upwards, and then up to [`MAX_DEPTH`] levels below git's root. [`Folder::find`] searches the working tree by the same
//! rules.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use crate::git::{CacheWrites, GitError, Repository, Revision, RevisionSpec};
use crate::snapshot::PROJECT_FILE;
use crate::source::error::SourceError;
use crate::source::folder::{Folder, MAX_DEPTH, quoted_folders};

/// A flag repository whose revisions can be read.
#[derive(Clone)]
pub struct FlagRepository {
    git: Arc<Repository>,
    start: SearchStart,
}

/// The folders of a revision that may be the flag repository. Paths are relative to git's root.
#[derive(Clone)]
enum SearchStart {
    /// Only this folder, which is the flag repository in the working tree.
    Project(String),
    /// This folder and the folders above it.
    AtOrAbove(String),
}

impl FlagRepository {
    /// Opens the git repository at or above a folder. The folder does not need to exist on disk, because it may exist
    /// only at some revisions.
    ///
    /// # Errors
    /// Returns [`SourceError`] if there is no git repository, or if it cannot be read.
    pub fn find(start: &Path, cache_writes: CacheWrites) -> Result<Self, SourceError> {
        let existing = start.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("."));
        let start = fs::canonicalize(existing).map_err(|error| SourceError::Io { path: start.to_owned(), error })?;
        let git = Repository::open(&start, cache_writes)?;
        let inside_git = |folder: &Path| folder.strip_prefix(git.workdir()?).ok().map(slash_separated);
        let project = Folder::find_at_or_above(&start).ok().flatten().and_then(|project| inside_git(project.root()));
        let start = match project {
            Some(project) => SearchStart::Project(project),
            // A folder of a bare repository, or a folder in `.git`, has no path in a revision.
            None => SearchStart::AtOrAbove(inside_git(&start).unwrap_or_default()),
        };
        Ok(Self { git: Arc::new(git), start })
    }

    /// Returns the same git repository with the flag repository that a folder on disk has at every revision.
    #[must_use]
    pub fn in_folder(self, folder: &Folder) -> Self {
        let inside = self.git.workdir().and_then(|top| folder.root().strip_prefix(top).ok()).map(slash_separated);
        Self { start: inside.map_or(self.start, SearchStart::Project), ..self }
    }

    /// Returns the git repository.
    pub fn git(&self) -> &Repository {
        &self.git
    }

    /// Returns the flag repository at a revision.
    ///
    /// # Errors
    /// Returns [`SourceError`] if the revision does not exist, or if it has no flag repository.
    pub fn revision(&self, spec: &RevisionSpec) -> Result<Revision, SourceError> {
        let revision = self.revision_or_empty(spec)?;
        if revision.has_file(PROJECT_FILE)? { Ok(revision) } else { Err(explain_missing(&revision)?) }
    }

    /// Returns the folder of the flag repository at a revision, as [`FlagRepository::revision`] does. If the revision
    /// is older than the flag repository, the folder has no files.
    ///
    /// # Errors
    /// Returns [`SourceError`] if the revision does not exist.
    pub fn revision_or_empty(&self, spec: &RevisionSpec) -> Result<Revision, SourceError> {
        let root = Revision::find(&self.git, spec)?;
        let folder = match &self.start {
            SearchStart::Project(folder) => folder.clone(),
            SearchStart::AtOrAbove(start) => search_upwards(&root, start)?,
        };
        Ok(root.in_folder(folder))
    }
}

/// Returns the nearest folder with a [`PROJECT_FILE`] at or above a folder or, if there is none, the only such folder
/// near git's root. Returns git's root if there is no such folder.
///
/// # Errors
/// Returns [`SourceError::NoProjectAtRevision`] if several folders near the root have one.
fn search_upwards(root: &Revision, start: &str) -> Result<String, SourceError> {
    let mut folder = start;
    loop {
        let path = if folder.is_empty() { PROJECT_FILE.to_owned() } else { format!("{folder}/{PROJECT_FILE}") };
        if root.has_file(&path)? {
            return Ok(folder.to_owned());
        }
        if folder.is_empty() {
            break;
        }
        folder = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
    }
    match root.folders_with_file(PROJECT_FILE, MAX_DEPTH)?.as_slice() {
        [only] => Ok(only.clone()),
        [] => Ok(String::new()),
        several => {
            let help =
                format!("; it is in {}: run flagctl in one of them, or name it with `-C`", quoted_folders(several));
            let (path, rev) = (PROJECT_FILE.to_owned(), root.name().to_owned());
            Err(SourceError::NoProjectAtRevision { path, rev, help })
        }
    }
}

/// Returns the error for a revision that has no flag repository in the expected folder. The error lists the folders in
/// which the revision has one.
///
/// # Errors
/// Returns [`GitError`] if the revision cannot be searched.
fn explain_missing(revision: &Revision) -> Result<SourceError, GitError> {
    let (path, rev) = (revision.prefix() + PROJECT_FILE, revision.name().to_owned());
    let elsewhere = revision.folders_with_file(PROJECT_FILE, MAX_DEPTH)?;
    let help = if elsewhere.is_empty() {
        format!("; `git log --all -- {path}` shows the commits that have it")
    } else {
        let folder = "a folder that now has no `flagctl.yaml` in or above it";
        format!("; it is in {}: to read it, run flagctl in {folder}", quoted_folders(&elsewhere))
    };
    Ok(SourceError::NoProjectAtRevision { path, rev, help })
}

/// Returns a relative path with `/` between its parts, as git writes paths.
fn slash_separated(path: &Path) -> String {
    let parts = path.components().map(|part| part.as_os_str().to_string_lossy());
    parts.collect::<Vec<_>>().join("/")
}
