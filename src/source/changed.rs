//! Which files two states of a flag repository do not have alike, without reading them.

use std::collections::BTreeSet;

use git2::{DiffOptions, Oid};

use super::revision::join;
use super::trees::{Entry, Kind, Tree};
use super::{GitError, Revision, Source, SourceError, is_yaml};

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
                let below = |path: &str, place: &str| {
                    path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                };
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

    fn entries(&self, folder: Option<Oid>) -> Result<Tree, GitError> {
        match folder {
            Some(id) => Ok(Tree::clone(&*self.tree(id)?)),
            None => Ok(Tree::new()),
        }
    }

    /// By git's index, so that files which nobody touched are not read.
    fn changed_in_folder(&self, places: &[&str], found: &mut BTreeSet<String>) -> Result<(), SourceError> {
        let prefix = self.prefix();
        let paths = self.repository.with(|handle| {
            let tree = handle.find_tree(self.tree)?;
            let mut options = DiffOptions::new();
            // A definition counts though git ignores it.
            options.include_untracked(true).recurse_untracked_dirs(true);
            options.include_ignored(true).recurse_ignored_dirs(true);
            options.include_typechange(true).disable_pathspec_match(true).skip_binary_check(true);
            for place in places {
                options.pathspec(format!("{prefix}{place}"));
            }
            let diff = handle.diff_tree_to_workdir_with_index(Some(&tree), Some(&mut options))?;
            let files = diff.deltas().flat_map(|delta| [delta.old_file().path(), delta.new_file().path()]);
            let paths = files.flatten().map(|path| path.to_string_lossy().replace('\\', "/"));
            Ok::<_, GitError>(paths.collect::<BTreeSet<_>>())
        })?;
        let inside = paths.iter().filter_map(|path| path.strip_prefix(&prefix)).filter(|path| is_yaml(path));
        found.extend(inside.filter(|path| !path.split('/').any(|name| name.starts_with('.'))).map(str::to_owned));
        for place in places {
            self.links(place, found)?;
        }
        Ok(())
    }

    fn links(&self, place: &str, found: &mut BTreeSet<String>) -> Result<(), GitError> {
        let Some(Entry { kind: Kind::Folder, id }) = self.find(place)? else { return Ok(()) };
        let mut folders = vec![(place.to_owned(), id)];
        while let Some((folder, id)) = folders.pop() {
            for (name, entry) in self.tree(id)?.iter() {
                let path = join(&folder, name);
                match entry.kind {
                    Kind::Folder => folders.push((path, entry.id)),
                    Kind::Link if is_yaml(&path) => drop(found.insert(path)),
                    _ => {}
                }
            }
        }
        Ok(())
    }
}
