//! The files that cause the changes of a plan, in both versions.
//!
//! A file is one entry, however many flags it changes. A flag or a segment that moved to another folder is one entry with
//! two paths. A bundle has no files, so a comparison with one has no entries.

use std::collections::BTreeMap;

use crate::diff::ComparedDefinitions;
use crate::model::{FLAGS, LAYERS, SEGMENTS};
use crate::report::diff::html::line_diff::{BlockKind, LineDiff};
use crate::report::diff::json::{CauseJson, FlagDiffJson, SideJson};
use crate::snapshot::File;

/// The maximum number of rows of one file.
const FILE_ROWS: usize = 500;
/// The maximum number of rows of all files.
const ALL_ROWS: usize = 20_000;

/// The file before and after the change.
type Versions<'d> = [Option<&'d File>; 2];

/// A file that causes name, in both versions, with the flags that it changes, each with the number of its change.
struct Cited<'d> {
    versions: Versions<'d>,
    flags: Vec<(&'d str, usize)>,
}

/// The files that cause changes, sorted by path.
#[derive(Debug, Default)]
pub(super) struct ChangedFiles<'d> {
    pub(super) files: Vec<ChangedFile<'d>>,
    /// The index of each file by its side and path.
    indices: BTreeMap<(usize, &'d str), usize>,
}

/// Two versions of a file, of which one may be absent.
#[derive(Debug)]
pub(super) struct ChangedFile<'d> {
    /// The id of the file in the page.
    pub(super) id: String,
    pub(super) versions: Versions<'d>,
    pub(super) diff: LineDiff<'d>,
    /// The keys of the flags that the file changes, each with the number of its change.
    pub(super) flags: Vec<(&'d str, usize)>,
}

impl<'d> ChangedFiles<'d> {
    /// Finds the files of all causes. `ids` is the beginning of all ids.
    pub(super) fn new(flags: &'d [FlagDiffJson], definitions: [&'d ComparedDefinitions; 2], ids: &str) -> Self {
        if definitions.iter().any(|definitions| definitions.is_bundle()) {
            return Self::default();
        }
        let folders = definitions.map(Folder::new);
        let mut found: BTreeMap<[Option<&str>; 2], Cited<'d>> = BTreeMap::new();
        let changes = flags.iter().flat_map(|flag| flag.shown_changes().map(move |change| (flag, change)));
        for (number, (flag, change)) in changes.enumerate() {
            for cause in &change.causes {
                let Some(versions) = versions(cause, &folders) else { continue };
                let paths = versions.map(|file| file.map(|file| file.path.as_str()));
                let Cited { flags, .. } = found.entry(paths).or_insert(Cited { versions, flags: Vec::new() });
                if flags.last() != Some(&(flag.flag.as_str(), number)) {
                    flags.push((&flag.flag, number));
                }
            }
        }
        let mut found: Vec<_> = found.into_values().collect();
        found.sort_by_key(|Cited { versions: [before, after], .. }| after.or(*before).map(|file| &file.path));
        let mut files = Self::default();
        let mut rows = ALL_ROWS;
        for (index, Cited { versions, flags }) in found.into_iter().enumerate() {
            let texts = versions.map(|version| version.map_or("", File::content));
            let diff = LineDiff::new(texts, rows.min(FILE_ROWS));
            rows = rows.saturating_sub(diff.rows());
            for (side, version) in versions.iter().enumerate() {
                files.indices.extend(version.map(|file| ((side, file.path.as_str()), index)));
            }
            files.files.push(ChangedFile { id: format!("{ids}file-{}", index + 1), versions, diff, flags });
        }
        files
    }

    /// Returns the address of the line of a cause in the page.
    pub(super) fn address(&self, cause: &CauseJson) -> Option<String> {
        let side = side(cause);
        let file = self.files.get(*self.indices.get(&(side, cause.path.as_deref()?))?)?;
        let line = cause.line.and_then(|line| file.shown_line(side, line.checked_sub(1)?));
        Some(line.map_or_else(|| format!("#{}", file.id), |(side, index)| format!("#{}", file.line_id(side, index))))
    }
}

impl ChangedFile<'_> {
    /// Returns the path after the change, or before it if the file was removed.
    pub(super) fn path(&self) -> &str {
        let [before, after] = self.versions;
        after.or(before).map_or("", |file| &file.path)
    }

    /// Returns the id of a line in the page, by its index.
    pub(super) fn line_id(&self, side: usize, index: usize) -> String {
        format!("{}{}{}", self.id, if side == 0 { "-before-" } else { "-after-" }, index + 1)
    }

    /// Returns the side and the index of the line that the page shows for a line. A line that is the same in both versions
    /// has the id of the version after the change.
    fn shown_line(&self, side: usize, index: usize) -> Option<(usize, usize)> {
        let block = self.diff.block_of(side, index)?;
        match (block.kind, side) {
            (BlockKind::Same, 0) => {
                let [before, after] = &block.lines;
                Some((1, index - before.start + after.start))
            }
            (BlockKind::Omitted, _) => None,
            (BlockKind::Same | BlockKind::Changed, _) => Some((side, index)),
        }
    }
}

/// The files of one version by their paths, and by their names.
struct Folder<'d> {
    paths: BTreeMap<&'d str, &'d File>,
    /// The files of flags and segments by the name of the definition, which does not depend on the folder.
    names: BTreeMap<(&'d str, &'d str), &'d File>,
}

impl<'d> Folder<'d> {
    fn new(definitions: &'d ComparedDefinitions) -> Self {
        let files = || definitions.loaded.snapshot.files().map(|(_, file)| file);
        let named = files().filter_map(|file| Some((name(&file.path)?, file)));
        Self { paths: files().map(|file| (file.path.as_str(), file)).collect(), names: named.collect() }
    }

    fn find(&self, path: &str) -> Option<&'d File> {
        self.paths.get(path).or_else(|| self.names.get(&name(path)?)).copied()
    }
}

/// Returns the top folder and the name of the file of a flag or a segment.
fn name(path: &str) -> Option<(&str, &str)> {
    let (top, rest) = path.split_once('/')?;
    let name = rest.rsplit('/').next()?;
    [FLAGS, SEGMENTS, LAYERS].contains(&top).then_some((top, name))
}

/// Returns both versions of the file of a cause, or `None` if they are equal, or the file is not known.
fn versions<'d>(cause: &CauseJson, folders: &[Folder<'d>; 2]) -> Option<Versions<'d>> {
    let path = cause.path.as_deref()?;
    let [before, after] = folders;
    let versions = match cause.side {
        SideJson::Before => [before.paths.get(path).copied(), after.find(path)],
        SideJson::After => [before.find(path), after.paths.get(path).copied()],
    };
    let [before, after] = versions.map(|version| version.map(|file| (&file.text, file.fault)));
    (before != after).then_some(versions)
}

fn side(cause: &CauseJson) -> usize {
    match cause.side {
        SideJson::Before => 0,
        SideJson::After => 1,
    }
}
