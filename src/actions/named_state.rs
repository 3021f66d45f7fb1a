//! A state of all definitions and tests, and what a change of names does to it.
//!
//! The input is the files before and after the change. [`NamedState::check_change`] proves that every flag decides as before
//! in each environment, and that there is no new error. [`NamedState::check_names`] proves that the number of positions of each
//! name stays the same.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::actions::name_error::NameError;
use crate::bundle::Bundle;
use crate::check::check;
use crate::codes::Severity;
use crate::compile::compile;
use crate::diag;
use crate::diag::{Age, CheckedFiles, Finding, Problem};
use crate::diff::{NewNames, unequal_flags};
use crate::load;
use crate::load::Loaded;
use crate::references::{Index, Name};
use crate::snapshot::{Access, File, FileId};
use crate::source::{Source, SourceError};

/// All definitions and tests, the positions of their names, and their findings.
#[derive(Debug)]
pub(super) struct NamedState {
    pub(super) loaded: Loaded,
    pub(super) index: Index,
    findings: Vec<Finding>,
}

/// What a change of names is expected to do.
pub(super) struct ExpectedChange<'c> {
    /// The flags and attributes that get other names.
    pub(super) names: &'c NewNames,
    /// Returns a text with the new names in place of the old ones.
    pub(super) text: &'c dyn Fn(&str) -> String,
    /// The keys of flags that are removed.
    pub(super) removed: &'c [String],
}

impl NamedState {
    /// Reads and checks everything. `now` decides which flags and kills have expired.
    ///
    /// # Errors
    /// Returns [`SourceError`] if a file or folder cannot be read.
    pub(super) fn read(source: &Source, now: Timestamp) -> Result<Self, SourceError> {
        let loaded = load::tests(source, load::all(source)?, |_| true)?;
        let findings = check(&loaded, now).findings;
        let index = Index::new(&loaded.snapshot, &loaded.project);
        Ok(Self { loaded, index, findings })
    }

    /// Checks that all names in all files are known, apart from a file that will be removed.
    ///
    /// # Errors
    /// Returns [`NameError::Incomplete`] if a file could not be read completely.
    pub(super) fn check_complete(&self, except: Option<FileId>) -> Result<(), NameError> {
        let snapshot = &self.loaded.snapshot;
        let incomplete = self.loaded.incomplete_files().into_iter().filter(|file| Some(*file) != except);
        let paths: Vec<String> = incomplete.map(|file| snapshot.file(file).path.clone()).collect();
        if paths.is_empty() { Ok(()) } else { Err(NameError::Incomplete(paths)) }
    }

    /// Returns a file that a change edits, moves or removes.
    ///
    /// # Errors
    /// Returns [`NameError::Linked`] if a commit cannot change the file.
    pub(super) fn editable(&self, file: FileId) -> Result<&File, NameError> {
        let file = self.loaded.snapshot.file(file);
        match file.access {
            Access::Direct => Ok(file),
            Access::Indirect => Err(NameError::Linked(file.path.clone())),
        }
    }

    /// Compiles an environment.
    pub(super) fn bundle(&self, environment: &str) -> Bundle {
        compile(&self.loaded.project, environment).0
    }

    /// Proves that all flags decide as before in another state, and that it has no new error. Returns its new warnings, each with its position.
    ///
    /// # Errors
    /// Returns the first difference.
    pub(super) fn check_change(&self, after: &Self, expected: &ExpectedChange<'_>) -> Result<Vec<String>, NameError> {
        let warnings = self.check_findings(after, expected)?;
        for environment in self.loaded.project.settings.environment_names() {
            let bundles = [&self.bundle(environment), &after.bundle(environment)];
            let unequal = unequal_flags(bundles, expected.names);
            if let Some(flag) = unequal.into_iter().find(|key| !expected.removed.contains(key)) {
                return Err(NameError::Decides { flag, environment: environment.to_owned() });
            }
        }
        Ok(warnings)
    }

    /// Proves that another state has each name as often as this one. `renamed` returns a name as it is after the change.
    ///
    /// # Errors
    /// Returns [`NameError::Unproven`] with the first name that is not written as often.
    pub(super) fn check_names(&self, after: &Self, renamed: impl Fn(&Name) -> Name) -> Result<(), NameError> {
        let mut expected: BTreeMap<Name, usize> = BTreeMap::new();
        for (name, occurrences) in self.index.names() {
            *expected.entry(renamed(name)).or_default() += occurrences.len();
        }
        let actual: BTreeMap<Name, usize> = after.index.names().map(|(name, all)| (name.clone(), all.len())).collect();
        let names: BTreeSet<&Name> = expected.keys().chain(actual.keys()).collect();
        match names.into_iter().find(|name| expected.get(name) != actual.get(name)) {
            Some(name) => Err(NameError::Unproven(format!("the {} `{}`", name.kind.noun(), name.text))),
            None => Ok(()),
        }
    }

    fn check_findings(&self, after: &Self, expected: &ExpectedChange<'_>) -> Result<Vec<String>, NameError> {
        let rename = |finding: &Finding| {
            let problem = Problem::of(finding);
            Problem { subject: (expected.text)(&problem.subject), ..problem }
        };
        let old: Vec<Problem> = self.findings.iter().map(rename).collect();
        let new: Vec<Problem> = after.findings.iter().map(Problem::of).collect();
        let (old_incomplete, new_incomplete) = (self.loaded.incomplete_files(), after.loaded.incomplete_files());
        let ages = diag::ages(
            (&old, CheckedFiles { snapshot: &self.loaded.snapshot, incomplete: &old_incomplete }),
            (&new, CheckedFiles { snapshot: &after.loaded.snapshot, incomplete: &new_incomplete }),
        );
        let new = after.findings.iter().zip(ages).filter(|(_, age)| *age == Age::New);
        let (errors, warnings): (Vec<_>, Vec<_>) =
            new.map(|(finding, _)| finding).partition(|finding| finding.severity == Severity::Error);
        let located = |findings: Vec<&Finding>| -> Vec<String> {
            let text = |finding: &&Finding| {
                let diagnostic = &finding.diagnostic;
                format!("{} [{}]", diagnostic.located(&after.loaded.snapshot), diagnostic.code)
            };
            findings.iter().map(text).collect()
        };
        if errors.is_empty() { Ok(located(warnings)) } else { Err(NameError::Errors(located(errors))) }
    }
}
