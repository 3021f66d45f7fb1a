//! One side of a change: definitions as they were read and compiled for each environment, or a bundle.

use std::collections::{BTreeMap, BTreeSet};

use crate::bundle::Bundle;
use crate::codes::Severity;
use crate::compile::compile;
use crate::diag::Finding;
use crate::load;
use crate::load::Loaded;
use crate::model::Flag;
use crate::snapshot::Snapshot;
use crate::source::{Source, SourceError};

/// The definitions of one side that matter to some flags.
#[derive(Debug)]
pub struct State {
    /// As written; nothing, if the side is a bundle.
    pub loaded: Loaded,
    /// What is wrong with the settings, and so with every flag.
    problem: Option<String>,
    environments: Vec<String>,
    /// Places of flags by key: a search for each of ten thousand would take minutes.
    places: BTreeMap<String, usize>,
    compiled: BTreeMap<String, Compiled>,
    nothing: Bundle,
}

#[derive(Debug)]
struct Compiled {
    bundle: Bundle,
    /// The errors, with their files' paths.
    errors: Vec<(String, String)>,
}

/// How a flag stands in an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlagStatus {
    /// It can be decided.
    Sound,
    /// There is no such flag, or no such environment.
    Absent,
    /// It cannot be decided, for that reason.
    Invalid(String),
}

impl State {
    /// What deciding some flags needs, for all environments or one.
    ///
    /// # Errors
    /// [`SourceError`] if a file or folder is there and cannot be read.
    pub fn read(source: &Source, keys: &[String], environment: Option<&str>) -> Result<Self, SourceError> {
        let settings = load::settings(source)?;
        let problem = first(&errors(settings.settle(Vec::new()), &settings.snapshot), None);
        let declared = settings.project.settings.environment_names().map(str::to_owned);
        let environments: Vec<String> =
            declared.filter(|name| environment.is_none_or(|wanted| wanted == name)).collect();
        let names: Vec<&str> = environments.iter().map(String::as_str).collect();
        let loaded = load::flags(source, settings, keys, &names)?;
        let compiled = environments.iter().map(|environment| {
            let (bundle, diagnostics) = compile(&loaded.project, environment);
            (environment.clone(), Compiled { bundle, errors: errors(loaded.settle(diagnostics), &loaded.snapshot) })
        });
        let compiled = compiled.collect();
        let keys = loaded.project.flags.iter().enumerate();
        let places = keys.rev().map(|(at, flag)| (flag.key.clone(), at)).collect();
        Ok(Self { loaded, problem, environments, places, compiled, nothing: nothing() })
    }

    /// What a bundle serves, in its environment alone.
    pub fn of(bundle: Bundle) -> Self {
        let name = bundle.environment.to_string();
        Self {
            loaded: Loaded::default(),
            problem: None,
            environments: vec![name.clone()],
            places: BTreeMap::new(),
            compiled: BTreeMap::from([(name, Compiled { bundle, errors: Vec::new() })]),
            nothing: nothing(),
        }
    }

    /// In the order of promotion.
    pub fn environments(&self) -> impl Iterator<Item = &str> {
        self.environments.iter().map(String::as_str)
    }

    /// What an environment serves; nothing in one that is not declared.
    pub fn bundle(&self, environment: &str) -> &Bundle {
        self.compiled.get(environment).map_or(&self.nothing, |compiled| &compiled.bundle)
    }

    /// A flag as it was written.
    pub(super) fn flag(&self, key: &str) -> Option<&Flag> {
        self.loaded.project.flags.get(*self.places.get(key)?)
    }

    /// How a flag stands in an environment.
    pub fn standing(&self, key: &str, environment: &str) -> FlagStatus {
        let flag = self.flag(key);
        if let (Some(problem), Some(_)) = (&self.problem, flag) {
            return FlagStatus::Invalid(problem.clone());
        }
        match (self.compiled.get(environment), flag) {
            (Some(compiled), _) if compiled.bundle.flag(key).is_some() => FlagStatus::Sound,
            (None, _) | (_, None) => FlagStatus::Absent,
            (Some(compiled), Some(flag)) => {
                let path = &self.loaded.snapshot.file(flag.file).path;
                let problem = first(&compiled.errors, Some(path)).or_else(|| first(&compiled.errors, None));
                FlagStatus::Invalid(problem.unwrap_or_else(|| "its definition has errors".to_owned()))
            }
        }
    }

    /// All errors in the definitions that were read, each with its place.
    pub fn errors(&self) -> BTreeSet<String> {
        let found = errors(self.loaded.settle(Vec::new()), &self.loaded.snapshot);
        let compiled = self.compiled.values().flat_map(|compiled| compiled.errors.iter().cloned());
        found.into_iter().chain(compiled).map(|(_, problem)| problem).collect()
    }

    /// The keys of all flags, those that cannot be decided included.
    pub(super) fn keys<'s>(&'s self, environment: &str) -> impl Iterator<Item = &'s str> {
        let compiled = self.bundle(environment).flags.iter().map(|flag| flag.key.as_ref());
        compiled.chain(self.places.keys().map(String::as_str))
    }

    /// A flag's file, as text.
    pub(super) fn file_of(&self, key: &str) -> Option<&str> {
        let flag = self.flag(key)?;
        Some(&self.loaded.snapshot.file(flag.file).text)
    }
}

/// What an environment serves that is not declared.
fn nothing() -> Bundle {
    compile(&Default::default(), "").0
}

/// Paths, and errors with their places.
fn errors(findings: Vec<Finding>, snapshot: &Snapshot) -> Vec<(String, String)> {
    let errors = findings.into_iter().filter(|finding| finding.severity == Severity::Error).map(|finding| {
        let span = finding.diagnostic.span;
        let problem = format!("{}: {}", snapshot.location(span), finding.diagnostic.message);
        (snapshot.file(span.file).path.clone(), problem)
    });
    errors.collect()
}

/// The first error, or the first of a file.
fn first(errors: &[(String, String)], path: Option<&str>) -> Option<String> {
    let mut of = errors.iter().filter(|(other, _)| path.is_none_or(|path| path == other));
    of.next().map(|(_, problem)| problem.clone())
}
