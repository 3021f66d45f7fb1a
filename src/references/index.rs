//! The index: finds the occurrences of a name, and the name at a position.

use std::collections::BTreeMap;

use crate::model::Project;
use crate::references::name::{Name, NameKind, Occurrence, Role, Site};
use crate::references::recorder::Recorder;
use crate::references::{flag, settings, suite};
use crate::snapshot::{FileId, Snapshot};

/// Every name of a project, with its occurrences.
#[derive(Debug, Clone, Default)]
pub struct Index {
    names: BTreeMap<Name, Vec<Occurrence>>,
}

impl Index {
    /// Indexes a project. `snapshot` has the files from which the project was read.
    pub fn new(snapshot: &Snapshot, project: &Project) -> Self {
        let mut recorder = Recorder::new(snapshot, project);
        settings::record(&mut recorder, &project.settings);
        project.written_flags().for_each(|definition| flag::record_flag(&mut recorder, definition));
        project.segments.iter().for_each(|segment| flag::record_segment(&mut recorder, segment));
        project.layers.iter().for_each(|layer| flag::record_layer(&mut recorder, layer));
        project.kills.iter().for_each(|kill| flag::record_kill(&mut recorder, kill));
        for tests in &project.suites {
            suite::record(&mut recorder, tests, &snapshot.file(tests.file).path);
        }
        let mut names = recorder.occurrences;
        for occurrences in names.values_mut() {
            // An alias repeats the positions of its anchor.
            occurrences.sort_by_key(|occurrence| (occurrence.site.span(), occurrence.site.clone()));
            occurrences.dedup();
        }
        Self { names }
    }

    /// Returns the occurrences of a name, in the order of the files and of the text.
    pub fn occurrences(&self, name: &Name) -> &[Occurrence] {
        self.names.get(name).map_or(&[], Vec::as_slice)
    }

    /// Returns the first definition of a name.
    pub fn definition(&self, name: &Name) -> Option<&Occurrence> {
        self.occurrences(name).iter().find(|occurrence| occurrence.role == Role::Definition)
    }

    /// Iterates over the names of a kind that have a definition.
    pub fn defined(&self, kind: NameKind) -> impl Iterator<Item = &str> {
        let is_defined = |occurrences: &[Occurrence]| occurrences.iter().any(|found| found.role == Role::Definition);
        let names = self.names().filter(move |(name, occurrences)| name.kind == kind && is_defined(occurrences));
        names.map(|(name, _)| name.text.as_str())
    }

    /// Returns the references to a name, without its definitions.
    pub fn references<'i>(&'i self, name: &Name) -> impl Iterator<Item = &'i Occurrence> + use<'i> {
        self.occurrences(name).iter().filter(|occurrence| occurrence.role == Role::Reference)
    }

    /// Returns the name whose bytes contain an offset, or end at it, and that occurrence.
    pub fn at(&self, file: FileId, offset: u32) -> Option<(&Name, &Occurrence)> {
        let contains = |occurrence: &Occurrence| match &occurrence.site {
            Site::Text(site) => site.span.file == file && (site.span.start..=site.span.end).contains(&offset),
            Site::FileName(_) | Site::Folder(_) => false,
        };
        self.names.iter().find_map(|(name, all)| Some((name, all.iter().find(|occurrence| contains(occurrence))?)))
    }

    /// Iterates over all names and their occurrences, sorted by kind, scope and name.
    pub fn names(&self) -> impl Iterator<Item = (&Name, &[Occurrence])> {
        self.names.iter().map(|(name, occurrences)| (name, occurrences.as_slice()))
    }
}
