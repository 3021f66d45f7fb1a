//! The files of a commit, and the changes that turn them into the files of the next commit.
//!
//! A caller reads [`CommitFiles`] and returns [`Changes`]. [`CommitPlan::make`] writes the new blobs and trees, to
//! which no branch refers yet, and lists the files whose content differs.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use git2::build::TreeUpdateBuilder;
use git2::{DiffOptions, FileMode, ObjectType, Oid};

use crate::commit::error::CommitError;
use crate::commit::message::Message;
use crate::commit::workspace::Workspace;

/// The files of a commit.
pub struct CommitFiles<'t> {
    workspace: &'t Workspace,
    commit: Oid,
    tree: git2::Tree<'t>,
}

impl CommitFiles<'_> {
    /// Returns the full id of the commit.
    pub fn commit(&self) -> String {
        self.commit.to_string()
    }

    /// Reads a file. Returns `None` if the path is not a file.
    ///
    /// # Errors
    /// Returns [`CommitError::Git`] if the object cannot be read.
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>, CommitError> {
        match entry(self.workspace, &self.tree, &git_path(self.workspace, path)?)? {
            Some((id, FileMode::Blob | FileMode::BlobExecutable)) => {
                Ok(Some(self.workspace.repository.find_blob(id)?.content().to_owned()))
            }
            _ => Ok(None),
        }
    }

    /// Returns the paths of all files below a folder, sorted; an empty path means the root.
    ///
    /// # Errors
    /// Returns [`CommitError::Git`] if an object cannot be read.
    pub fn list(&self, folder: &str) -> Result<Vec<String>, CommitError> {
        let folder = format!("{}{folder}", self.workspace.prefix);
        let folder = folder.trim_end_matches('/');
        let mut found = Vec::new();
        let mut unread = match folder {
            "" => vec![(String::new(), self.tree.clone())],
            _ => match entry(self.workspace, &self.tree, folder)? {
                Some((id, FileMode::Tree)) => vec![(format!("{folder}/"), self.workspace.repository.find_tree(id)?)],
                _ => Vec::new(),
            },
        };
        while let Some((prefix, tree)) = unread.pop() {
            for entry in &tree {
                // Paths in this module are UTF-8 text, so it skips a name that is not UTF-8.
                let Ok(name) = entry.name() else { continue };
                let path = format!("{prefix}{name}");
                match entry.kind() {
                    Some(ObjectType::Tree) => {
                        unread.push((format!("{path}/"), self.workspace.repository.find_tree(entry.id())?));
                    }
                    Some(ObjectType::Blob) => {
                        found.extend(path.strip_prefix(&self.workspace.prefix).map(str::to_owned))
                    }
                    _ => {}
                }
            }
        }
        found.sort_unstable();
        Ok(found)
    }
}

/// Files to write and to remove, and the message of their commit.
///
/// The message is a part of the changes, because it may describe the old content of a file.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    message: Message,
    files: BTreeMap<String, FileEdit>,
}

/// What to do with a path.
#[derive(Debug, Clone)]
enum FileEdit {
    /// Create or replace a file, with these bytes.
    Write(Vec<u8>),
    /// As [`FileEdit::Write`], but also replace a link or a submodule.
    Replace(Vec<u8>),
    /// Remove the file.
    Remove,
}

impl Changes {
    /// Creates an empty set of changes.
    pub fn new(message: Message) -> Self {
        Self { message, files: BTreeMap::new() }
    }

    /// Replaces the message.
    #[must_use]
    pub fn message(mut self, message: Message) -> Self {
        self.message = message;
        self
    }

    /// Creates or replaces a file.
    pub fn write(&mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.files.insert(path.into(), FileEdit::Write(bytes.into()));
    }

    /// Creates or replaces a file. A link or a submodule at the path is replaced by a regular file. The target of the
    /// link does not change.
    pub fn replace(&mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.files.insert(path.into(), FileEdit::Replace(bytes.into()));
    }

    /// Removes a file, if it exists.
    pub fn remove(&mut self, path: impl Into<String>) {
        self.files.insert(path.into(), FileEdit::Remove);
    }
}

/// A tree to commit, and the files that differ between the tree and its base.
pub(super) struct CommitPlan {
    pub(super) base: Oid,
    pub(super) tree: Oid,
    pub(super) files: Vec<FileChange>,
    pub(super) message: Message,
}

/// A file that a commit changes.
pub(super) struct FileChange {
    /// The path relative to git's root.
    pub(super) path: String,
    pub(super) old: Option<(Oid, FileMode)>,
    pub(super) new: Option<(Oid, FileMode)>,
}

impl CommitPlan {
    /// Writes the blobs and trees of the changes that `apply` makes to the files of a commit.
    ///
    /// # Errors
    /// Returns [`CommitError::Apply`] if `apply` fails, and [`CommitError::Link`] or [`CommitError::Path`] if a path
    /// cannot be written.
    pub(super) fn make<E>(
        workspace: &Workspace,
        base: Oid,
        apply: &mut impl FnMut(&CommitFiles) -> Result<Changes, E>,
    ) -> Result<Self, CommitError>
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let before = workspace.repository.find_commit(base)?.tree()?;
        let current = CommitFiles { workspace, commit: base, tree: before.clone() };
        let Changes { message, files } = apply(&current).map_err(|error| CommitError::Apply(error.into()))?;
        // libgit2 does not replace a submodule by a file, so submodules are removed first.
        let (mut submodules, mut update) = (TreeUpdateBuilder::new(), TreeUpdateBuilder::new());
        let mut changed = Vec::new();
        for (path, edit) in files {
            let path = git_path(workspace, &path)?;
            let old = entry(workspace, &before, &path)?;
            let mode = match (old, &edit) {
                (None, _) => FileMode::Blob,
                (Some((_, mode @ (FileMode::Blob | FileMode::BlobExecutable))), _) => mode,
                (Some((_, FileMode::Link | FileMode::Commit)), FileEdit::Replace(_)) => FileMode::Blob,
                (Some((_, FileMode::Link)), _) => return Err(CommitError::Link(path)),
                (Some((_, FileMode::Tree)), FileEdit::Write(_) | FileEdit::Replace(_)) => {
                    return Err(CommitError::Folder(path));
                }
                (Some(_), _) => return Err(CommitError::Path(path)),
            };
            let new = match edit {
                FileEdit::Remove => None,
                FileEdit::Write(bytes) | FileEdit::Replace(bytes) => Some((workspace.repository.blob(&bytes)?, mode)),
            };
            if old == new {
                continue;
            }
            if old.is_some_and(|(_, mode)| mode == FileMode::Commit) {
                submodules.remove(path.as_str());
            }
            match new {
                None => update.remove(path.as_str()),
                Some((id, mode)) => update.upsert(path.as_str(), id, mode),
            };
            changed.push(FileChange { path, old, new });
        }
        let tree = if changed.is_empty() {
            before.id()
        } else {
            let repository = &workspace.repository;
            let without = repository.find_tree(submodules.create_updated(repository, &before)?)?;
            update.create_updated(repository, &without)?
        };
        Ok(Self { base, tree, files: changed, message })
    }
}

/// Returns the files that differ between two commits.
pub(super) fn changed_files(workspace: &Workspace, old: Oid, new: Oid) -> Result<Vec<FileChange>, CommitError> {
    let tree = |id| workspace.repository.find_commit(id)?.tree();
    let (old, new) = (tree(old)?, tree(new)?);
    // Without this option, a link that became a file is two differences.
    let mut options = DiffOptions::new();
    options.include_typechange(true);
    let diff = workspace.repository.diff_tree_to_tree(Some(&old), Some(&new), Some(&mut options))?;
    let mut files = Vec::new();
    for delta in diff.deltas() {
        let path = delta.new_file().path().or(delta.old_file().path()).and_then(Path::to_str);
        if let Some(path) = path {
            let (old, new) = (entry(workspace, &old, path)?, entry(workspace, &new, path)?);
            files.push(FileChange { path: path.to_owned(), old, new });
        }
    }
    Ok(files)
}

/// Looks up a path in a tree.
///
/// # Errors
/// Returns [`CommitError::Link`] if the path leads through a link, which a commit cannot follow.
fn entry(workspace: &Workspace, tree: &git2::Tree, path: &str) -> Result<Option<(Oid, FileMode)>, CommitError> {
    let mode = |mode| match mode {
        0o040_000 => FileMode::Tree,
        0o100_755 => FileMode::BlobExecutable,
        0o120_000 => FileMode::Link,
        0o160_000 => FileMode::Commit,
        _ => FileMode::Blob,
    };
    let mut tree = tree.clone();
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        let Some(entry) = tree.get_name(part) else { return Ok(None) };
        let (id, kind, filemode) = (entry.id(), entry.kind(), entry.filemode());
        drop(entry);
        match (parts.peek(), kind) {
            (None, _) => return Ok(Some((id, mode(filemode)))),
            (Some(_), Some(ObjectType::Tree)) => tree = workspace.repository.find_tree(id)?,
            (Some(_), _) if filemode == 0o120_000 => return Err(CommitError::Link(path.to_owned())),
            // A file contains no other files, and the files in a submodule belong to another repository.
            (Some(_), _) => return Ok(None),
        }
    }
    Ok(None)
}

/// Returns a path relative to git's root.
///
/// # Errors
/// Returns [`CommitError::Path`] if the path could lead out of the repository, or into `.git`.
fn git_path(workspace: &Workspace, path: &str) -> Result<String, CommitError> {
    let is_allowed = |part: &str| {
        !part.is_empty()
            && part != "."
            && part != ".."
            && !part.eq_ignore_ascii_case(".git")
            && !part.contains(['\\', '\0', '\n'])
    };
    if path.split('/').all(is_allowed) {
        Ok(format!("{}{path}", workspace.prefix))
    } else {
        Err(CommitError::Path(path.to_owned()))
    }
}
