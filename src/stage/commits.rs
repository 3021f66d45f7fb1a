//! The stages of a flag in the commits of a branch, along first parents.
//!
//! Most commits change nothing about a flag, so the ids of the files that decide it are compared first.

use jiff::Timestamp;

use crate::diff;
use crate::git::{CloneDepth, Revision};
use crate::history::{FlagDefinitions, FlagVersions};
use crate::stage::error::StageError;
use crate::stage::query::{Begin, Liveness, Reach, Stage, StageQuery, Stages};

pub(super) fn stages(query: &StageQuery<'_>, reach: Reach) -> Result<Stages, StageError> {
    let (key, environment) = (query.flag, query.environment);
    let mut revision = query.tip.clone();
    let mut versions = FlagVersions::read(&revision, key, None)?;
    let mut definitions = FlagDefinitions::read(&revision, key)?;
    query.check(definitions.compared.bundle(environment))?;
    let mut list = Vec::new();
    loop {
        let Some(parent) = revision.parent()? else {
            if revision.depth()? == CloneDepth::Shallow && list.is_empty() {
                return Err(StageError::EndOfClone { flag: key.to_owned(), commit: revision.commit() });
            }
            list.push(stage(&revision)?);
            break;
        };
        if !revision.has_same_files(&parent) {
            let before = FlagVersions::read(&parent, key, versions.path.as_deref())?;
            if before.files != versions.files || !definitions.holds_at(&revision, &parent)? {
                let older = FlagDefinitions::read(&parent, key)?;
                let bundles = [&older, &definitions].map(|side| side.compared.bundle(environment));
                if !diff::decides_equally(bundles, key) {
                    list.push(stage(&revision)?);
                    if list.len() >= reach.stages || bundles.first().is_none_or(|older| older.flag(key).is_none()) {
                        break;
                    }
                }
                definitions = older;
            }
            versions = before;
        }
        revision = parent;
    }
    Ok(Stages { liveness: Liveness::Live, list })
}

fn stage(revision: &Revision) -> Result<Stage, StageError> {
    let start = Timestamp::from_second(revision.seconds()?).unwrap_or(Timestamp::MAX);
    Ok(Stage { start, begin: Begin::Exact, commit: revision.commit(), sequence: None })
}
