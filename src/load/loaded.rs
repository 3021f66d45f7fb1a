//! The result of loading.

use std::collections::BTreeSet;

use crate::bundle::PatternBudget;
use crate::codes::Severity;
use crate::diag::{Allow, Diagnostics, Finding, Levels, settle};
use crate::model::Project;
use crate::snapshot::{FileId, PROJECT_FILE, Snapshot};
use crate::yaml::Completeness;

/// A project with the diagnostics that were found while it was read.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The files that were read.
    pub snapshot: Snapshot,
    /// The definitions in these files.
    pub project: Project,
    /// The problems of single files and of their names.
    pub diagnostics: Diagnostics,
    pub(super) allows: Vec<Allow>,
    /// The number of values in all files.
    pub(super) values: usize,
    /// The number of values and of 16-byte blocks of text in all files.
    pub(super) parts: usize,
    /// The regular expressions in all files.
    pub(super) patterns: PatternBudget,
    pub(super) levels: Levels,
}

impl Loaded {
    /// Returns the findings of `diagnostics` and `more`, after the project's lint levels and the allow comments in the
    /// files were applied.
    pub fn settle(&self, more: Diagnostics) -> Vec<Finding> {
        let all = self.diagnostics.iter().cloned().chain(more).collect();
        settle(all, &self.levels, &self.allows, &self.snapshot)
    }

    /// Returns the files that could not be read completely. While `flagctl.yaml` is one of them, nothing else is checked.
    pub fn incomplete_files(&self) -> BTreeSet<FileId> {
        let project = &self.project;
        let settings = self.snapshot.files().find(|(_, file)| file.path == PROJECT_FILE);
        let settings = settings.map(|(id, _)| (project.settings.completeness, id));
        let flags = project.flags.iter().map(|flag| (flag.completeness, flag.file));
        let segments = project.segments.iter().map(|segment| (segment.completeness, segment.start.file));
        let layers = project.layers.iter().map(|layer| (layer.completeness, layer.file));
        let suites = project.suites.iter().map(|suite| (suite.completeness, suite.file));
        let all = settings.into_iter().chain(flags).chain(segments).chain(layers).chain(suites);
        all.filter(|(completeness, _)| *completeness == Completeness::Incomplete).map(|(_, file)| file).collect()
    }

    /// Returns the errors among the findings of [`Loaded::settle`], each with its path and position.
    pub fn located_errors(&self, more: Diagnostics) -> Vec<String> {
        let errors = self.settle(more).into_iter().filter(|finding| finding.severity == Severity::Error);
        errors.map(|finding| finding.diagnostic.located(&self.snapshot)).collect()
    }
}
