//! A branch's files, and what is to become of some of them.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use git2::build::TreeUpdateBuilder;
use git2::{FileMode, ObjectType, Oid};

use crate::commit::branch::Workspace;
use crate::commit::{CommitError, Message};

/// The files of a commit.
pub struct Tree<'t> {
    site: &'t Workspace,
    commit: Oid,
    tree: git2::Tree<'t>,
}

impl Tree<'_> {
    /// The commit's id.
    pub fn commit(&self) -> String {
        self.commit.to_string()
    }

    /// A file's bytes; none if there is no file at that path.
    ///
    /// # Errors
    /// [`CommitError::Git`] if the object cannot be read.
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>, CommitError> {
        match entry(self.site, &self.tree, &full(self.site, path)?)? {
            Some((id, FileMode::Blob | FileMode::BlobExecutable)) => {
                Ok(Some(self.site.repository.find_blob(id)?.content().to_owned()))
            }
            _ => Ok(None),
        }
    }

    /// The paths of all files below a folder, sorted; of all that there are if its name is empty.
    ///
    /// # Errors
    /// [`CommitError::Git`] if an object cannot be read.
    pub fn list(&self, folder: &str) -> Result<Vec<String>, CommitError> {
        let folder = format!("{}{folder}", self.site.prefix);
        let folder = folder.trim_end_matches('/');
        let mut found = Vec::new();
        let mut open = match folder {
            "" => vec![(String::new(), self.tree.clone())],
            _ => match entry(self.site, &self.tree, folder)? {
                Some((id, FileMode::Tree)) => vec![(format!("{folder}/"), self.site.repository.find_tree(id)?)],
                _ => Vec::new(),
            },
        };
        while let Some((above, tree)) = open.pop() {
            for entry in &tree {
                // Nobody can ask for a name that is not text.
                let Ok(name) = entry.name() else { continue };
                let path = format!("{above}{name}");
                match entry.kind() {
                    Some(ObjectType::Tree) => {
                        open.push((format!("{path}/"), self.site.repository.find_tree(entry.id())?));
                    }
                    Some(ObjectType::Blob) => found.extend(path.strip_prefix(&self.site.prefix).map(str::to_owned)),
                    _ => {}
                }
            }
        }
        found.sort_unstable();
        Ok(found)
    }
}

/// Files to write and to remove, and what the commit says about that.
///
/// The message comes with the changes because it may tell what was there before.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    message: Message,
    /// Files without bytes are removed.
    files: BTreeMap<String, Option<Vec<u8>>>,
}

impl Changes {
    /// No changes yet.
    pub fn new(message: Message) -> Self {
        Self { message, files: BTreeMap::new() }
    }

    /// Says something else about them.
    #[must_use]
    pub fn message(mut self, message: Message) -> Self {
        self.message = message;
        self
    }

    /// Creates or replaces a file.
    pub fn write(&mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.files.insert(path.into(), Some(bytes.into()));
    }

    /// Removes a file, if it is there.
    pub fn remove(&mut self, path: impl Into<String>) {
        self.files.insert(path.into(), None);
    }
}

/// A tree to be committed, and in what it differs from the one before.
pub(super) struct Plan {
    pub(super) base: Oid,
    pub(super) tree: Oid,
    pub(super) files: Vec<File>,
    pub(super) message: Message,
}

/// A file that a commit changes.
pub(super) struct File {
    /// From the repository's root.
    pub(super) path: String,
    pub(super) old: Option<(Oid, FileMode)>,
    pub(super) new: Option<(Oid, FileMode)>,
}

impl Plan {
    /// What `apply` makes of a commit's files.
    pub(super) fn make<E>(
        site: &Workspace,
        base: Oid,
        apply: &mut impl FnMut(&Tree) -> Result<Changes, E>,
    ) -> Result<Self, CommitError>
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let before = site.repository.find_commit(base)?.tree()?;
        let tree = Tree { site, commit: base, tree: before.clone() };
        let Changes { message, files } = apply(&tree).map_err(|error| CommitError::Apply(error.into()))?;
        let mut update = TreeUpdateBuilder::new();
        let mut changed = Vec::new();
        for (path, bytes) in files {
            let path = full(site, &path)?;
            let old = entry(site, &before, &path)?;
            let mode = match old {
                None => FileMode::Blob,
                Some((_, mode @ (FileMode::Blob | FileMode::BlobExecutable))) => mode,
                Some((_, FileMode::Link)) => return Err(CommitError::Link(path)),
                Some(_) => return Err(CommitError::Path(path)),
            };
            let new = match bytes {
                None => None,
                Some(bytes) => Some((site.repository.blob(&bytes)?, mode)),
            };
            if old == new {
                continue;
            }
            match new {
                None => update.remove(path.as_str()),
                Some((id, mode)) => update.upsert(path.as_str(), id, mode),
            };
            changed.push(File { path, old, new });
        }
        let tree = if changed.is_empty() { before.id() } else { update.create_updated(&site.repository, &before)? };
        Ok(Self { base, tree, files: changed, message })
    }
}

/// In what two commits differ.
pub(super) fn between(site: &Workspace, old: Oid, new: Oid) -> Result<Vec<File>, CommitError> {
    let tree = |id| site.repository.find_commit(id)?.tree();
    let (old, new) = (tree(old)?, tree(new)?);
    let diff = site.repository.diff_tree_to_tree(Some(&old), Some(&new), None)?;
    let mut files = Vec::new();
    for delta in diff.deltas() {
        let path = delta.new_file().path().or(delta.old_file().path()).and_then(Path::to_str);
        if let Some(path) = path {
            let (old, new) = (entry(site, &old, path)?, entry(site, &new, path)?);
            files.push(File { path: path.to_owned(), old, new });
        }
    }
    Ok(files)
}

fn entry(site: &Workspace, tree: &git2::Tree, path: &str) -> Result<Option<(Oid, FileMode)>, CommitError> {
    let mode = |mode| match mode {
        0o040_000 => FileMode::Tree,
        0o100_755 => FileMode::BlobExecutable,
        0o120_000 => FileMode::Link,
        0o160_000 => FileMode::Commit,
        _ => FileMode::Blob,
    };
    // A path below a file is as absent as any.
    let mut tree = tree.clone();
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        let Some(entry) = tree.get_name(part) else { return Ok(None) };
        let (id, kind, filemode) = (entry.id(), entry.kind(), entry.filemode());
        drop(entry);
        match (parts.peek(), kind) {
            (None, _) => return Ok(Some((id, mode(filemode)))),
            (Some(_), Some(ObjectType::Tree)) => tree = site.repository.find_tree(id)?,
            // Through a link or a submodule leads no way that a commit could go.
            (Some(_), _) if filemode == 0o120_000 => return Err(CommitError::Link(path.to_owned())),
            (Some(_), _) => return Ok(None),
        }
    }
    Ok(None)
}

/// From the repository's root, and without anything that leads out of it.
fn full(site: &Workspace, path: &str) -> Result<String, CommitError> {
    let part = |part: &str| {
        !part.is_empty()
            && part != "."
            && part != ".."
            && !part.eq_ignore_ascii_case(".git")
            && !part.contains(['\\', '\0', '\n'])
    };
    if path.split('/').all(part) {
        Ok(format!("{}{path}", site.prefix))
    } else {
        Err(CommitError::Path(path.to_owned()))
    }
}
