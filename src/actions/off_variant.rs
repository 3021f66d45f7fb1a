//! Finds out when the `off` variant of a flag was last served, because a variant that was never served may fail in an
//! emergency.
//!
//! The search takes a commit, a flag and an environment, and follows the first-parent history of the flag's files.
//!
//! **Invariant:** only the definitions count, because git does not record decisions. If a definition could serve a
//! variant, the variant counts as served.

use jiff::Timestamp;

use crate::actions::error::ActionError;
use crate::bundle::{BUCKETS, Flag, State};
use crate::compile::compile;
use crate::git::{CloneDepth, Revision};
use crate::history::FlagVersions;
use crate::load;
use crate::source::Source;

/// The last time at which the `off` variant of a flag was served in an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OffVariantHistory {
    /// The variant was served until this commit.
    ServedUntil {
        /// The name of the variant.
        variant: String,
        /// The first commit at which the variant was no longer served.
        commit: DatedCommit,
    },
    /// The variant was not served at this commit or at any later commit.
    NeverServed {
        /// The name of the variant.
        variant: String,
        /// The oldest commit with the flag.
        since: DatedCommit,
        /// Whether this clone lacks the history before that commit.
        depth: CloneDepth,
    },
}

/// A commit with its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatedCommit {
    /// The full id.
    pub id: String,
    /// The time of the commit.
    pub time: Timestamp,
}

impl DatedCommit {
    fn new(revision: &Revision) -> Result<Self, ActionError> {
        Ok(Self { id: revision.commit(), time: Timestamp::from_second(revision.seconds()?)? })
    }
}

/// Finds the last time at which a flag served `off`. The flag does not serve `off` at the tip.
pub(super) fn off_variant_history(
    tip: &Revision,
    flag: &Flag,
    environment: &str,
) -> Result<OffVariantHistory, ActionError> {
    let (key, variant) = (flag.key.as_ref(), flag.variant(flag.off).name.to_string());
    let mut revision = tip.clone();
    let mut versions = FlagVersions::read(&revision, key, None)?;
    let mut oldest_with_flag = tip.clone();
    while let Some(parent) = revision.parent()? {
        let parent_versions = FlagVersions::read(&parent, key, versions.path.as_deref())?;
        let differs = parent_versions.files != versions.files;
        if differs && parent_versions.path.is_some() && served_off(&parent, key, environment)? {
            return Ok(OffVariantHistory::ServedUntil { variant, commit: DatedCommit::new(&revision)? });
        }
        (revision, versions) = (parent, parent_versions);
        if versions.path.is_some() {
            oldest_with_flag = revision.clone();
        }
    }
    let since = DatedCommit::new(&oldest_with_flag)?;
    Ok(OffVariantHistory::NeverServed { variant, since, depth: revision.depth()? })
}

/// Returns whether a flag could serve `off` at a revision. A flag with errors could not serve any variant.
fn served_off(revision: &Revision, key: &str, environment: &str) -> Result<bool, ActionError> {
    let source = Source::Revision(revision.clone());
    let settings = load::settings(&source)?;
    if settings.project.settings.environment_names().all(|name| name != environment) {
        return Ok(false);
    }
    let loaded = load::flags(&source, settings, &[key.to_owned()], &[environment])?;
    Ok(compile(&loaded.project, environment).0.flag(key).is_some_and(may_serve_off))
}

/// Returns whether any context could get `off`. Conditions and prerequisites count as satisfiable.
pub(super) fn may_serve_off(flag: &Flag) -> bool {
    if flag.state != State::Enabled || !flag.prerequisites.is_empty() {
        return true;
    }
    for rule in &flag.rules {
        if rule.serve.variants().any(|id| id == flag.off) && rule.rollout.buckets() > 0 {
            return true;
        }
        // After a rule that matches all contexts, neither the later rules nor the default can decide.
        if rule.condition.is_none() && rule.rollout.buckets() == BUCKETS {
            return false;
        }
    }
    flag.default == flag.off
}
