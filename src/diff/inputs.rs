//! The two inputs of a comparison, read: revisions, the working tree, or bundles.

use std::collections::BTreeSet;
use std::path::Path;

use crate::bundle::Bundle;
use crate::diff::affected_flags::{affected_flags, differing_flags};
use crate::diff::compared_definitions::ComparedDefinitions;
use crate::git::Revision;
use crate::model::FLAGS;
use crate::snapshot::stem;
use crate::source::{Source, SourceError};

/// Two states of a flag repository, with the names that reports call them by.
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
    /// The definitions that matter to the compared flags.
    pub definitions: ComparedDefinitions,
    /// The name that reports call the input by.
    pub name: String,
    /// The full id of the commit; none for the working tree and for a bundle.
    pub commit: Option<String>,
    /// Where `flagctl eval` can read the input.
    pub endpoint: Endpoint,
}

/// Where `flagctl eval` can read an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// In the working tree.
    WorkingTree,
    /// At the revision of this name.
    Revision(String),
    /// In the bundle at this path.
    Bundle(String),
}

/// What is compared.
#[derive(Debug)]
pub struct DiffInputs {
    /// Before the change.
    pub before: DiffInput,
    /// After the change.
    pub after: DiffInput,
    /// The keys of all flags that the change may affect.
    pub keys: BTreeSet<String>,
}

impl DiffInput {
    /// Reads what deciding these flags needs, in one environment or in all.
    ///
    /// # Errors
    /// Returns [`SourceError`] if a file or folder exists and cannot be read.
    fn read(source: &Source, name: &str, keys: &[String], environment: Option<&str>) -> Result<Self, SourceError> {
        let revision = source.revision();
        Ok(Self {
            definitions: ComparedDefinitions::read(source, keys, environment)?,
            name: name.to_owned(),
            commit: revision.map(Revision::commit),
            endpoint: revision.map_or(Endpoint::WorkingTree, |revision| Endpoint::Revision(revision.name().to_owned())),
        })
    }

    /// Reads everything that a source has of an environment, for a comparison with a bundle.
    ///
    /// # Errors
    /// Returns [`SourceError`] if a file or folder exists and cannot be read.
    pub fn from_source(source: &Source, name: &str, environment: &str) -> Result<Self, SourceError> {
        let keys: Vec<String> = source.list(FLAGS)?.iter().filter_map(|path| stem(path)).map(str::to_owned).collect();
        Self::read(source, name, &keys, Some(environment))
    }

    /// Takes a bundle that was read from a file.
    pub fn from_bundle(bundle: Bundle, path: &Path) -> Self {
        let name = path.display().to_string();
        let endpoint = Endpoint::Bundle(name.clone());
        Self { definitions: ComparedDefinitions::from_bundle(bundle), name, commit: None, endpoint }
    }
}

impl DiffInputs {
    /// Finds the flags that may be affected, and reads what deciding them needs.
    ///
    /// # Errors
    /// Returns [`SourceError`] if a file or folder exists and cannot be read.
    pub fn from_sources(sources: &ComparedSources, environment: Option<&str>) -> Result<Self, SourceError> {
        let ComparedSources { before, before_name, after, after_name } = sources;
        let keys = affected_flags(before, after)?;
        let list: Vec<String> = keys.iter().cloned().collect();
        let (before, after) = rayon::join(
            || DiffInput::read(&Source::Revision(before.clone()), before_name, &list, environment),
            || DiffInput::read(after, after_name, &list, environment),
        );
        Ok(Self { before: before?, after: after?, keys })
    }

    /// Finds the flags that differ in an environment, of which both inputs have everything.
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
