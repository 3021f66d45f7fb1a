//! When the `off` variant of a flag was last served. A variant that was never live may fail in an emergency.
//!
//! Takes a commit, a flag and an environment; walks back through the first-parent history of the flag's files.
//!
//! **Invariant:** only definitions count, not what applications received. A variant that the definition could serve counts
//! as served.

use jiff::Timestamp;

use crate::actions::error::ActionError;
use crate::bundle::{BUCKETS, Flag, State};
use crate::compile::compile;
use crate::git::{CloneDepth, Revision};
use crate::history::FlagVersions;
use crate::load;
use crate::source::Source;

/// When the `off` variant of a flag was last served in an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OffVariantHistory {
    /// It was served until this commit.
    ServedUntil {
        /// The name of the variant.
        variant: String,
        /// The commit that stopped it.
        commit: DatedCommit,
    },
    /// It was never served since this commit.
    NeverServed {
        /// The name of the variant.
        variant: String,
        /// The oldest commit with the flag.
        since: DatedCommit,
        /// Whether the history before that commit is missing.
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

/// Finds out when a flag that does not serve `off` at the tip last did.
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

/// Returns whether a flag could serve `off` at a revision. A flag with errors served nothing.
fn served_off(revision: &Revision, key: &str, environment: &str) -> Result<bool, ActionError> {
    let source = Source::Revision(revision.clone());
    let settings = load::settings(&source)?;
    if settings.project.settings.environment_names().all(|name| name != environment) {
        return Ok(false);
    }
    let loaded = load::flags(&source, settings, &[key.to_owned()], &[environment])?;
    Ok(compile(&loaded.project, environment).0.flag(key).is_some_and(may_serve_off))
}

/// Returns whether some context could get `off`. Conditions and prerequisites count as satisfiable.
pub(super) fn may_serve_off(flag: &Flag) -> bool {
    if flag.state != State::Enabled || !flag.prerequisites.is_empty() {
        return true;
    }
    for rule in &flag.rules {
        if rule.serve.variants().any(|id| id == flag.off) && rule.rollout.buckets() > 0 {
            return true;
        }
        // A rule for all contexts hides the rules behind it and the default.
        if rule.condition.is_none() && rule.rollout.buckets() == BUCKETS {
            return false;
        }
    }
    flag.default == flag.off
}
