//! Reads the two inputs of a comparison: revisions, the working tree, or bundles.

use std::collections::BTreeSet;
use std::path::Path;

use crate::bundle::Bundle;
use crate::diff::affected_flags::{affected_flags, differing_flags};
use crate::diff::compared_definitions::ComparedDefinitions;
use crate::git::Revision;
use crate::model::{FLAGS, flag_key};
use crate::source::{Source, SourceError};

/// Two states of a flag repository, with their names in reports.
#[derive(Debug)]
pub struct ComparedSources {
    /// The definitions before the change.
    pub before: Revision,
    /// The name of `before`.
    pub before_name: String,
    /// The definitions after the change.
    pub after: Source,
    /// The name of `after`.
    pub after_name: String,
}

/// One of the two inputs.
#[derive(Debug)]
pub struct DiffInput {
    /// The definitions that the compared flags need.
    pub definitions: ComparedDefinitions,
    /// The name of the input in reports.
    pub name: String,
    /// The full id of the commit, or `None` for the working tree and for a bundle.
    pub commit: Option<String>,
    /// The source from which `flagctl eval` can read the input.
    pub endpoint: Endpoint,
}

/// The source from which `flagctl eval` can read an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// The working tree.
    WorkingTree,
    /// The revision with this name.
    Revision(String),
    /// The bundle at this path.
    Bundle(String),
}

/// The two inputs of a comparison, and the flags to compare.
#[derive(Debug)]
pub struct DiffInputs {
    /// The input before the change.
    pub before: DiffInput,
    /// The input after the change.
    pub after: DiffInput,
    /// The keys of all flags that the change may affect.
    pub keys: BTreeSet<String>,
}

impl Endpoint {
    /// Returns the endpoint for a revision, or for the working tree.
    pub fn of(source: &Source) -> Self {
        source.revision().map_or(Self::WorkingTree, |revision| Self::Revision(revision.name().to_owned()))
    }
}

impl DiffInput {
    /// Reads all definitions that the decisions of these flags need, in these environments, or in all if there are none.
    ///
    /// # Errors
    /// Returns [`SourceError`] if a file or folder exists and cannot be read.
    fn read(source: &Source, name: &str, keys: &[String], environments: &[&str]) -> Result<Self, SourceError> {
        let revision = source.revision();
        Ok(Self {
            definitions: ComparedDefinitions::read(source, keys, environments)?,
            name: name.to_owned(),
            commit: revision.map(Revision::commit),
            endpoint: Endpoint::of(source),
        })
    }

    /// Reads all definitions of an environment from a source, for a comparison with a bundle.
    ///
    /// # Errors
    /// Returns [`SourceError`] if a file or folder exists and cannot be read.
    pub fn from_source(source: &Source, name: &str, environment: &str) -> Result<Self, SourceError> {
        let keys: Vec<String> = source.list(FLAGS)?.iter().filter_map(|path| flag_key(path)).collect();
        Self::read(source, name, &keys, &[environment])
    }

    /// Creates the input for the bundle of a commit that is live.
    pub fn from_live(bundle: Bundle, name: String, commit: String, endpoint: Endpoint) -> Self {
        Self { definitions: ComparedDefinitions::from_bundle(bundle), name, commit: Some(commit), endpoint }
    }

    /// Creates the input for a bundle that was read from the file at `path`.
    pub fn from_bundle(bundle: Bundle, path: &Path) -> Self {
        let name = path.display().to_string();
        let endpoint = Endpoint::Bundle(name.clone());
        Self { definitions: ComparedDefinitions::from_bundle(bundle), name, commit: None, endpoint }
    }
}

impl DiffInputs {
    /// Finds the flags that may be affected, and reads all definitions that their decisions need in these environments, or
    /// in all if there are none.
    ///
    /// # Errors
    /// Returns [`SourceError`] if a file or folder exists and cannot be read.
    pub fn from_sources(sources: &ComparedSources, environments: &[&str]) -> Result<Self, SourceError> {
        let ComparedSources { before, before_name, after, after_name } = sources;
        let keys = affected_flags(before, after)?;
        let list: Vec<String> = keys.iter().cloned().collect();
        let (before, after) = rayon::join(
            || DiffInput::read(&Source::Revision(before.clone()), before_name, &list, environments),
            || DiffInput::read(after, after_name, &list, environments),
        );
        Ok(Self { before: before?, after: after?, keys })
    }

    /// Finds the flags that differ in an environment. Both inputs must contain all definitions of that environment.
    pub fn from_inputs(before: DiffInput, after: DiffInput, environment: &str) -> Self {
        let keys = differing_flags(&before.definitions, &after.definitions, environment);
        Self { before, after, keys }
    }

    /// Returns whether one of the inputs declares an environment.
    pub fn declare(&self, environment: &str) -> bool {
        let [before, after] = [&self.before, &self.after].map(|input| input.definitions.environments());
        before.chain(after).any(|name| name == environment)
    }
}
