//! The definitions on one side of a comparison: definitions that were read and compiled for each environment, or one
//! bundle.

use std::collections::{BTreeMap, BTreeSet};

use crate::bundle::Bundle;
use crate::codes::Severity;
use crate::compile::compile;
use crate::diag::Finding;
use crate::load;
use crate::load::Loaded;
use crate::model::{Flag, Kill};
use crate::snapshot::Snapshot;
use crate::source::{Source, SourceError};

/// The definitions on one side of a comparison that the compared flags need.
#[derive(Debug)]
pub struct ComparedDefinitions {
    /// The definitions in their written form. They are empty if a bundle is compared.
    pub loaded: Loaded,
    /// The prefix that makes a path of a file relative to git's root. It is empty if a bundle is compared.
    pub prefix: String,
    /// The first error in the settings, which makes every flag invalid.
    settings_error: Option<String>,
    environments: Vec<String>,
    /// The indices of flags by key: searching the list for each of ten thousand flags would take minutes.
    flag_indices: BTreeMap<String, usize>,
    compiled: BTreeMap<String, CompiledEnvironment>,
    /// The bundle of an environment that is not declared. It has no flags.
    empty: Bundle,
}

#[derive(Debug)]
struct CompiledEnvironment {
    bundle: Bundle,
    errors: Vec<LocatedError>,
}

/// An error in a definition.
#[derive(Debug, Clone)]
struct LocatedError {
    path: String,
    /// The message, with its path and position.
    text: String,
}

/// Whether a flag can be decided in an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlagStatus {
    /// It can be decided.
    Sound,
    /// The flag is not defined, or the environment is not declared.
    Absent,
    /// It cannot be decided because of this error.
    Invalid(String),
}

impl ComparedDefinitions {
    /// Reads all definitions that the decisions of some flags need, and compiles them for these environments, or for all
    /// environments if there are none.
    ///
    /// # Errors
    /// Returns [`SourceError`] if a file or folder exists and cannot be read.
    pub fn read(source: &Source, keys: &[String], environments: &[&str]) -> Result<Self, SourceError> {
        Self::read_with_kills(source, keys, environments, |_| true)
    }

    /// Reads and compiles definitions like [`ComparedDefinitions::read`], with only the kills that are in force.
    ///
    /// # Errors
    /// Returns [`SourceError`] if a file or folder exists and cannot be read.
    pub fn read_with_kills(
        source: &Source,
        keys: &[String],
        environments: &[&str],
        is_in_force: impl Fn(&Kill) -> bool,
    ) -> Result<Self, SourceError> {
        let settings = load::settings(source)?;
        let settings_error = first(&errors(settings.settle(Vec::new()), &settings.snapshot), None);
        let declared = settings.project.settings.environment_names().map(str::to_owned);
        let is_compared = |name: &String| environments.is_empty() || environments.contains(&name.as_str());
        let environments: Vec<String> = declared.filter(is_compared).collect();
        let names: Vec<&str> = environments.iter().map(String::as_str).collect();
        let mut loaded = load::flags(source, settings, keys, &names)?;
        loaded.project.kills.retain(is_in_force);
        let compiled = environments.iter().map(|environment| {
            let (bundle, diagnostics) = compile(&loaded.project, environment);
            let errors = errors(loaded.settle(diagnostics), &loaded.snapshot);
            (environment.clone(), CompiledEnvironment { bundle, errors })
        });
        let compiled = compiled.collect();
        // The order is reversed, so the first definition of a duplicate key is used.
        let flags = loaded.project.flags.iter().enumerate().rev();
        let flag_indices = flags.map(|(index, flag)| (flag.key.clone(), index)).collect();
        let prefix = source.prefix();
        Ok(Self { loaded, prefix, settings_error, environments, flag_indices, compiled, empty: empty_bundle() })
    }

    /// Wraps a bundle. Only the environment of the bundle is declared.
    pub fn from_bundle(bundle: Bundle) -> Self {
        let name = bundle.environment.to_string();
        let compiled = CompiledEnvironment { bundle, errors: Vec::new() };
        Self {
            loaded: Loaded::default(),
            prefix: String::new(),
            settings_error: None,
            environments: vec![name.clone()],
            flag_indices: BTreeMap::new(),
            compiled: BTreeMap::from([(name, compiled)]),
            empty: empty_bundle(),
        }
    }

    /// Returns whether the definitions are a bundle, which has no files.
    pub fn is_bundle(&self) -> bool {
        !self.compiled.is_empty() && self.loaded.snapshot.files().next().is_none()
    }

    /// Returns the names of the environments, in the order of promotion.
    pub fn environments(&self) -> impl Iterator<Item = &str> + Clone {
        self.environments.iter().map(String::as_str)
    }

    /// Returns the bundle of an environment, or a bundle without flags if the environment is not declared.
    pub fn bundle(&self, environment: &str) -> &Bundle {
        self.compiled.get(environment).map_or(&self.empty, |compiled| &compiled.bundle)
    }

    /// Returns a flag as it is written in its file.
    pub fn flag(&self, key: &str) -> Option<&Flag> {
        self.loaded.project.flags.get(*self.flag_indices.get(key)?)
    }

    /// Returns whether a flag can be decided in an environment.
    pub fn status(&self, key: &str, environment: &str) -> FlagStatus {
        let flag = self.flag(key);
        if let (Some(error), Some(_)) = (&self.settings_error, flag) {
            return FlagStatus::Invalid(error.clone());
        }
        match (self.compiled.get(environment), flag) {
            (Some(compiled), _) if compiled.bundle.flag(key).is_some() => FlagStatus::Sound,
            (None, _) | (_, None) => FlagStatus::Absent,
            (Some(compiled), Some(_)) => {
                // The error may be that of a flag or segment that this one needs.
                let snapshot = &self.loaded.snapshot;
                let mut needed = load::needed_files(&self.loaded.project, key, environment).into_iter();
                let error = needed.find_map(|file| first(&compiled.errors, Some(&snapshot.file(file).path)));
                let error = error.or_else(|| first(&compiled.errors, None));
                FlagStatus::Invalid(error.unwrap_or_else(|| "its definition has errors".to_owned()))
            }
        }
    }

    /// Returns the error in the file of a flag's kill, if it has one. Such a file turns the flag off, but it cannot be
    /// published.
    pub(super) fn kill_error(&self, key: &str, environment: &str) -> Option<String> {
        let compiled = self.compiled.get(environment)?;
        let mut kills = self.loaded.project.kills.iter();
        let kill = kills.find(|kill| kill.flag == key && kill.environment == environment)?;
        first(&compiled.errors, Some(&self.loaded.snapshot.file(kill.file).path))
    }

    /// Returns all errors in the definitions that were read, each with its path and position.
    pub fn errors(&self) -> BTreeSet<String> {
        let loaded = errors(self.loaded.settle(Vec::new()), &self.loaded.snapshot);
        let compiled = self.compiled.values().flat_map(|compiled| compiled.errors.iter().cloned());
        loaded.into_iter().chain(compiled).map(|error| error.text).collect()
    }

    /// Returns the keys of all flags, including flags that cannot be decided.
    pub(super) fn keys<'s>(&'s self, environment: &str) -> impl Iterator<Item = &'s str> {
        let compiled = self.bundle(environment).flags.iter().map(|flag| flag.key.as_ref());
        compiled.chain(self.flag_indices.keys().map(String::as_str))
    }

    /// Returns the first error in the settings, which makes every flag invalid.
    pub fn settings_error(&self) -> Option<&str> {
        self.settings_error.as_deref()
    }

    /// Returns the text of a flag's file, or `None` if a bundle is compared.
    pub fn file_text(&self, key: &str) -> Option<&str> {
        let flag = self.flag(key)?;
        Some(self.loaded.snapshot.file(flag.file).content())
    }
}

fn empty_bundle() -> Bundle {
    compile(&Default::default(), "").0
}

fn errors(findings: Vec<Finding>, snapshot: &Snapshot) -> Vec<LocatedError> {
    let errors = findings.into_iter().filter(|finding| finding.severity == Severity::Error);
    let located = errors.map(|finding| LocatedError {
        path: snapshot.file(finding.diagnostic.span.file).path.clone(),
        text: finding.diagnostic.located(snapshot),
    });
    located.collect()
}

/// Returns the text of the first error, or of the first error in the file at `path`.
fn first(errors: &[LocatedError], path: Option<&str>) -> Option<String> {
    let mut errors = errors.iter().filter(|error| path.is_none_or(|path| path == error.path));
    errors.next().map(|error| error.text.clone())
}
