//! What a context gets at one commit, and at the commits before it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use jiff::Timestamp;
use serde_json::Value as Json;

use crate::bundle::Bundle;
use crate::codes::Severity;
use crate::compile::compile;
use crate::diag::Finding;
use crate::eval::{Context, decide};
use crate::git::{GitError, Revision};
use crate::load;
use crate::load::Loaded;
use crate::model::KILLS;
use crate::report;
use crate::report::GotJson;
use crate::report::decision::DecisionJson;
use crate::snapshot::Snapshot;
use crate::source::Source;

/// What is asked at each commit.
pub(crate) struct Question<'q> {
    pub(crate) flag: &'q str,
    pub(crate) environment: &'q str,
    /// An object.
    pub(crate) context: Json,
    pub(crate) now: Timestamp,
}

/// The answer at a commit.
pub(crate) struct DecisionAt {
    pub(crate) revision: Revision,
    pub(crate) got: Observed,
    /// What the flag needs.
    pub(crate) bundle: Bundle,
    /// The versions of the files that the answer depends on; none of a kill that is not there.
    files: BTreeMap<String, Option<String>>,
}

/// What the context got.
#[derive(PartialEq)]
pub(crate) enum Observed {
    /// A variant's name and value.
    Variant(String, Json),
    /// The flag could not be decided, and why.
    Invalid(String),
    NoEnvironment,
    NoFlag,
}

impl Observed {
    /// A definition that is wrong in another way is no news.
    fn is_as(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Invalid(_), Self::Invalid(_))) || self == other
    }
}

impl Question<'_> {
    /// Back to the oldest commit at which the context got the same, and what it got just before.
    pub(crate) fn trace(&self, newest: DecisionAt) -> Result<(DecisionAt, Option<DecisionAt>)> {
        let mut here = newest;
        while let Some(parent) = here.revision.parent()? {
            if here.holds_at(&parent)? {
                here.revision = parent;
                continue;
            }
            let before = self.ask(parent)?;
            if !before.got.is_as(&here.got) {
                return Ok((here, Some(before)));
            }
            here = before;
        }
        Ok((here, None))
    }

    pub(crate) fn ask(&self, revision: Revision) -> Result<DecisionAt> {
        let source = Source::Revision(revision.clone());
        let settings = load::settings(&source)?;
        let unsettled = problem(settings.settle(Vec::new()), &settings.snapshot);
        let loaded = load::flags(&source, settings, &[self.flag.to_owned()], &[self.environment])?;
        let (bundle, diagnostics) = compile(&loaded.project, self.environment);
        let project = &loaded.project;
        let declared = project.settings.environment_names().any(|name| name == self.environment);
        let got = match (project.flag(self.flag), unsettled, bundle.flag(self.flag)) {
            (None, ..) => Observed::NoFlag,
            (_, Some(problem), _) => Observed::Invalid(problem),
            _ if !declared => Observed::NoEnvironment,
            (.., None) => {
                let problem = problem(loaded.settle(diagnostics), &loaded.snapshot);
                Observed::Invalid(problem.unwrap_or_default())
            }
            (.., Some(flag)) => {
                let decision = decide(&bundle, flag, &self.context(&bundle)?, self.now);
                Observed::Variant(decision.variant.name.to_string(), decision.variant.value.clone())
            }
        };
        let files = files(&revision, &loaded, self.environment)?;
        Ok(DecisionAt { revision, got, bundle, files })
    }

    /// The context for these definitions; what they declare no attribute for decides nothing.
    fn context(&self, bundle: &Bundle) -> Result<Context<'_>> {
        Ok(Context::from_json(&bundle.attributes, &self.context)?.context)
    }
}

impl DecisionAt {
    /// Whether the answer at another commit must be the same, as the files say that it depends on.
    fn holds_at(&self, other: &Revision) -> Result<bool, GitError> {
        // What is wrong may be that a file is not there, and files may come anywhere.
        if matches!(self.got, Observed::Invalid(_)) {
            return Ok(false);
        }
        for (path, version) in &self.files {
            if other.blob_id(path)? != *version {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The files that the answer depends on here or before, and that are not the same in both.
    pub(crate) fn differences(&self, before: Option<&Self>) -> Result<Vec<String>, GitError> {
        let paths = self.files.keys().chain(before.iter().flat_map(|before| before.files.keys()));
        let mut differ = Vec::new();
        for path in paths.collect::<BTreeSet<_>>() {
            let old = before.map(|before| before.revision.blob_id(path)).transpose()?.flatten();
            if old != self.revision.blob_id(path)? {
                differ.push(path.clone());
            }
        }
        Ok(differ)
    }

    pub(crate) fn json(&self, question: &Question<'_>) -> Result<GotJson> {
        Ok(match (&self.got, self.bundle.flag(question.flag)) {
            (Observed::Invalid(problem), _) => GotJson::Invalid { problem: problem.clone() },
            (Observed::NoEnvironment, _) => GotJson::NoEnvironment,
            (Observed::NoFlag, _) | (Observed::Variant(..), None) => GotJson::NoFlag,
            (Observed::Variant(..), Some(flag)) => {
                let (bundle, context, now) = (&self.bundle, question.context(&self.bundle)?, question.now);
                let decision = decide(bundle, flag, &context, now);
                let words = report::decision::human::served(bundle, flag, &context, now, &decision);
                GotJson::Serves { decision: serde_json::to_value(DecisionJson::new(bundle, flag, &decision))?, words }
            }
        })
    }
}

/// The files that were read, and the kills that would have been.
fn files(revision: &Revision, loaded: &Loaded, environment: &str) -> Result<BTreeMap<String, Option<String>>> {
    let read = loaded.snapshot.files().map(|(_, file)| file.path.clone());
    let kills = loaded.project.flags.iter().map(|flag| format!("{KILLS}/{environment}/{}.yaml", flag.key));
    read.chain(kills).map(|path| Ok((path.clone(), revision.blob_id(&path)?))).collect()
}

/// The first error, with its place.
fn problem(findings: Vec<Finding>, snapshot: &Snapshot) -> Option<String> {
    let first = findings.into_iter().find(|finding| finding.severity == Severity::Error)?;
    Some(format!("{}: {}", snapshot.location(first.diagnostic.span), first.diagnostic.message))
}
