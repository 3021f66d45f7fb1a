//! Which files two states of a flag repository do not have alike, without reading them.

use std::collections::BTreeSet;
use std::sync::Arc;

use git2::{DiffOptions, Oid};

use crate::snapshot::is_yaml;
use crate::source::revision::join;
use crate::source::tree_cache::{Entry, Kind, Tree};
use crate::source::{GitError, Revision, Source, SourceError};

impl Revision {
    /// The paths of YAML files, at or below some places, that another state does not have alike: changed, added or
    /// removed. A link may be among them though what it leads to is the same.
    ///
    /// # Errors
    /// [`SourceError`] if a folder cannot be read.
    pub fn changed(&self, other: &Source, places: &[&str]) -> Result<BTreeSet<String>, SourceError> {
        let mut found = BTreeSet::new();
        match other {
            Source::Folder(_) => self.changed_in_folder(places, &mut found)?,
            Source::Revision(other) => {
                for place in places {
                    self.compare(other, place, (self.find(place)?, other.find(place)?), &mut found)?;
                }
            }
            Source::Merged(other) => {
                for place in places {
                    found.extend(self.at_or_below(place)?);
                }
                found.extend(other.paths().map(str::to_owned));
                found.retain(|path| places.iter().any(|place| below(path, place)));
                let same = |path: &String| self.find(path).ok().flatten().map(|entry| entry.id) == other.version(path);
                found.retain(|path| !same(path));
            }
        }
        Ok(found)
    }

    fn at_or_below(&self, place: &str) -> Result<Vec<String>, SourceError> {
        Ok(if self.has(place)? { vec![place.to_owned()] } else { self.list(place)? })
    }

    /// Equal folders are gone through for their links alone.
    fn compare(
        &self,
        other: &Self,
        path: &str,
        (old, new): (Option<Entry>, Option<Entry>),
        found: &mut BTreeSet<String>,
    ) -> Result<(), GitError> {
        let folder = |entry: Option<Entry>| entry.filter(|entry| entry.kind == Kind::Folder).map(|entry| entry.id);
        let file = |entry: Option<Entry>| entry.filter(|entry| entry.kind == Kind::File).map(|entry| entry.id);
        if file(old) != file(new) && is_yaml(path) {
            found.insert(path.to_owned());
        }
        let (before, after) = (folder(old), folder(new));
        let (before_tree, after_tree) = (self.entries(before)?, other.entries(after)?);
        for name in before_tree.keys().chain(after_tree.keys().filter(|name| !before_tree.contains_key(*name))) {
            let pair = (before_tree.get(name).copied(), after_tree.get(name).copied());
            let plain = |entry: Option<Entry>| entry.is_some_and(|entry| entry.kind == Kind::File);
            if name.starts_with('.') || before == after && plain(pair.0) {
                continue;
            }
            let path = join(path, name);
            let link = |entry: Option<Entry>| entry.is_some_and(|entry| entry.kind == Kind::Link);
            // Where it leads to may have changed.
            if (link(pair.0) || link(pair.1)) && is_yaml(&path) {
                found.insert(path.clone());
            }
            self.compare(other, &path, pair, found)?;
        }
        Ok(())
    }

    fn entries(&self, folder: Option<Oid>) -> Result<Arc<Tree>, GitError> {
        folder.map_or_else(|| Ok(Arc::default()), |id| self.tree(id))
    }

    /// By git's index, so that files which nobody touched are not read.
    fn changed_in_folder(&self, places: &[&str], found: &mut BTreeSet<String>) -> Result<(), SourceError> {
        let prefix = self.prefix();
        // Neither waits for the other's reading.
        let (staged, committed) = rayon::join(
            || self.repository.with(|handle| Staged::read(handle, &prefix, places)),
            || self.committed(&prefix, places),
        );
        let (Staged { files, mut changed }, mut committed) = (staged?, committed?);
        // Where a link leads to may have changed.
        changed.extend(committed.iter().filter(|(_, entry)| entry.kind == Kind::Link).map(|(path, _)| path.clone()));
        for (path, id) in files {
            let path = String::from_utf8_lossy(&path);
            if committed.remove(&*path).is_none_or(|entry| entry.id != id) {
                changed.push(path.into_owned());
            }
        }
        changed.extend(committed.into_keys());
        found.extend(changed.iter().filter_map(|path| {
            let path = path.strip_prefix(&prefix)?;
            let hidden = path.split('/').any(|name| name.starts_with('.'));
            let here = places.iter().any(|place| below(path, place)) && is_yaml(path) && !hidden;
            here.then(|| path.to_owned())
        }));
        Ok(())
    }

    /// The files and links at and below some places, by git's paths.
    fn committed(&self, prefix: &str, places: &[&str]) -> Result<Committed, GitError> {
        let (mut found, mut ahead) = (Committed::default(), Vec::new());
        for place in places {
            ahead.extend(self.find(place)?.map(|entry| (format!("{prefix}{place}"), entry)));
        }
        while let Some((path, entry)) = ahead.pop() {
            match entry.kind {
                Kind::Folder => {
                    ahead.extend(self.tree(entry.id)?.iter().map(|(name, entry)| (join(&path, name), *entry)));
                }
                Kind::File | Kind::Link => drop(found.insert(path, entry)),
                Kind::Submodule => {}
            }
        }
        Ok(found)
    }
}

/// Files and links, by git's paths.
#[allow(clippy::disallowed_types, reason = "what is found in it is sorted afterwards")]
type Committed = std::collections::HashMap<String, Entry, foldhash::fast::FixedState>;

/// What is staged.
struct Staged {
    /// All of it, by git's paths.
    files: Vec<(Vec<u8>, Oid)>,
    /// Git's paths of what, at and below some places, is not so in the working tree.
    changed: Vec<String>,
}

impl Staged {
    fn read(handle: &git2::Repository, prefix: &str, places: &[&str]) -> Result<Self, GitError> {
        let mut options = DiffOptions::new();
        // A definition counts though git ignores it.
        options.include_untracked(true).recurse_untracked_dirs(true);
        options.include_ignored(true).recurse_ignored_dirs(true);
        options.include_typechange(true).disable_pathspec_match(true).skip_binary_check(true);
        for place in places {
            options.pathspec(format!("{prefix}{place}"));
        }
        let diff = handle.diff_index_to_workdir(None, Some(&mut options))?;
        let changed = diff.deltas().flat_map(|delta| [delta.old_file().path(), delta.new_file().path()]);
        let changed = changed.flatten().map(|path| path.to_string_lossy().replace('\\', "/")).collect();
        let index = handle.index()?;
        let mut files = Vec::with_capacity(index.len());
        files.extend(index.iter().map(|entry| (entry.path, entry.id)));
        Ok(Self { files, changed })
    }
}

fn below(path: &str, place: &str) -> bool {
    path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
