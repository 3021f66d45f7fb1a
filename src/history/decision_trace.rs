//! Decides a context at a commit, and follows the decision back to the oldest commit with the same result.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value as Json;

use crate::bundle::Bundle;
use crate::codes::Severity;
use crate::compile::compile;
use crate::diag::Finding;
use crate::eval::{Context, ContextError, decide};
use crate::git::{GitError, Revision};
use crate::history::error::HistoryError;
use crate::load;
use crate::load::Loaded;
use crate::model::kill_path;
use crate::snapshot::Snapshot;
use crate::source::Source;

/// A decision that is repeated at each commit. The time and the context are always the same, so only the commits can
/// change the result.
#[derive(Debug, Clone)]
pub struct DecisionQuery<'q> {
    /// The flag's key.
    pub flag: &'q str,
    /// The environment's name.
    pub environment: &'q str,
    /// The context, as a JSON object.
    pub context: Json,
    /// The time of every decision.
    pub now: Timestamp,
}

/// The result for the context at a commit.
#[derive(Debug, Clone)]
pub struct DecisionAt {
    /// The commit.
    pub revision: Revision,
    /// The result for the context.
    pub observed: Observed,
    /// The bundle with the flag and everything that it depends on.
    pub bundle: Bundle,
    /// The blob ids of the files that the decision depends on. The id is `None` for a kill that does not exist.
    files: BTreeMap<String, Option<String>>,
}

/// The result for a context.
#[derive(Debug, Clone, PartialEq)]
pub enum Observed {
    /// The name and the value of a variant.
    Variant(String, Json),
    /// The flag could not be decided because of this error.
    Invalid(String),
    /// The project did not declare the environment.
    NoEnvironment,
    /// No file defined the flag.
    NoFlag,
}

impl Observed {
    /// Returns whether the context got the same result. All errors are treated as equal, because their cause does not
    /// matter.
    fn is_same(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Invalid(_), Self::Invalid(_))) || self == other
    }
}

impl DecisionQuery<'_> {
    /// Follows first parents back to the oldest commit at which the context got the same result. Returns the decision
    /// at that commit, and the decision at its parent if it has one.
    ///
    /// # Errors
    /// Returns [`HistoryError`] if a commit cannot be read.
    pub(super) fn trace(&self, newest: DecisionAt) -> Result<(DecisionAt, Option<DecisionAt>), HistoryError> {
        let mut oldest = newest;
        while let Some(parent) = oldest.revision.parent()? {
            if oldest.holds_at(&parent)? {
                oldest.revision = parent;
                continue;
            }
            let before = self.decide_at(parent)?;
            if !before.observed.is_same(&oldest.observed) {
                return Ok((oldest, Some(before)));
            }
            oldest = before;
        }
        Ok((oldest, None))
    }

    /// Decides at a commit.
    ///
    /// # Errors
    /// Returns [`HistoryError`] if the commit cannot be read.
    pub(super) fn decide_at(&self, revision: Revision) -> Result<DecisionAt, HistoryError> {
        let source = Source::Revision(revision.clone());
        let settings = load::settings(&source)?;
        let settings_error = first_error(settings.settle(Vec::new()), &settings.snapshot);
        let loaded = load::flags(&source, settings, &[self.flag.to_owned()], &[self.environment])?;
        let (bundle, diagnostics) = compile(&loaded.project, self.environment);
        let project = &loaded.project;
        let is_declared = project.settings.environment_names().any(|name| name == self.environment);
        let observed = match (project.flag(self.flag), settings_error, bundle.flag(self.flag)) {
            (None, ..) => Observed::NoFlag,
            (_, Some(error), _) => Observed::Invalid(error),
            _ if !is_declared => Observed::NoEnvironment,
            (.., None) => {
                let error = first_error(loaded.settle(diagnostics), &loaded.snapshot);
                Observed::Invalid(error.unwrap_or_default())
            }
            (.., Some(flag)) => {
                let decision = decide(&bundle, flag, &self.context_for(&bundle)?, self.now);
                Observed::Variant(decision.variant.name.to_string(), decision.variant.value.clone())
            }
        };
        let files = blob_ids(&revision, &loaded, std::iter::once(self.environment))?;
        Ok(DecisionAt { revision, observed, bundle, files })
    }

    /// Returns the context, read with the schema of a bundle. Attributes that the bundle does not declare are ignored.
    ///
    /// # Errors
    /// Returns [`ContextError`] if the JSON is not a context.
    pub fn context_for(&self, bundle: &Bundle) -> Result<Context<'_>, ContextError> {
        Ok(Context::from_json(&bundle.attributes, &self.context)?.context)
    }
}

impl DecisionAt {
    /// Returns true if the decision is certainly the same at another commit, because the files that it depends on are
    /// the same.
    fn holds_at(&self, revision: &Revision) -> Result<bool, GitError> {
        // A definition may be invalid because a file is missing, and the path of the missing file is unknown.
        if matches!(self.observed, Observed::Invalid(_)) {
            return Ok(false);
        }
        for (path, id) in &self.files {
            if revision.blob_id(path)? != *id {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns the paths of the files that differ from the previous commit, among the files that the decision depends
    /// on at one of the two commits.
    pub(super) fn changed_files(&self, before: Option<&Self>) -> Result<Vec<String>, GitError> {
        let paths = self.files.keys().chain(before.iter().flat_map(|before| before.files.keys()));
        let mut changed = Vec::new();
        for path in paths.collect::<BTreeSet<_>>() {
            let old = before.map(|before| before.revision.blob_id(path)).transpose()?.flatten();
            if old != self.revision.blob_id(path)? {
                changed.push(path.clone());
            }
        }
        Ok(changed)
    }
}

/// Returns the blob ids of the files that were read, and of the kills that would have been read if they existed.
pub(super) fn blob_ids<'e>(
    revision: &Revision,
    loaded: &Loaded,
    environments: impl Iterator<Item = &'e str> + Clone,
) -> Result<BTreeMap<String, Option<String>>, GitError> {
    let read = loaded.snapshot.files().map(|(_, file)| file.path.clone());
    let kills = loaded
        .project
        .flags
        .iter()
        .flat_map(|flag| environments.clone().map(|environment| kill_path(&flag.key, environment)));
    read.chain(kills).map(|path| Ok((path.clone(), revision.blob_id(&path)?))).collect()
}

/// Returns the message of the first error, with its position.
fn first_error(findings: Vec<Finding>, snapshot: &Snapshot) -> Option<String> {
    let mut findings = findings.into_iter();
    let first = findings.find(|finding| finding.severity == Severity::Error)?;
    Some(first.diagnostic.located(snapshot))
}
