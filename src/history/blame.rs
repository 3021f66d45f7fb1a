//! Finds the commit at which a context began to get its variant, and the decision before that commit.

use crate::diff::{DefinitionChange, DependencyChange, compare_dependencies, compare_flag};
use crate::git::{CloneDepth, CommitDetails, Revision};
use crate::history::decision_trace::{DecisionAt, DecisionQuery, Observed};
use crate::history::error::HistoryError;

/// Consecutive commits at which a context got the same result.
#[derive(Debug)]
pub struct Era {
    /// The decision at the newest commit of the era. It is `None` for the era before the first commit, in which no flag
    /// is defined.
    pub newest: Option<DecisionAt>,
    /// The start of the era, or `None` if the flag or the environment did not exist in it.
    pub start: Option<EraStart>,
}

/// The beginning of an era.
#[derive(Debug)]
pub struct EraStart {
    /// The decision at the oldest commit of the era.
    pub oldest: DecisionAt,
    /// The author, time and message of that commit.
    pub details: CommitDetails,
    /// The reason why the era begins at that commit.
    pub cause: EraCause,
}

/// The reason why an era begins at a commit.
#[derive(Debug)]
pub enum EraCause {
    /// The commit changed definitions.
    Changes {
        /// The changes of the flag itself.
        flag: Vec<DefinitionChange>,
        /// The changes of the definitions that it depends on.
        dependencies: Vec<DependencyChange>,
        /// The paths of all files that the commit changed and that the decision depends on.
        files: Vec<String>,
    },
    /// The history of a shallow clone ends at the commit, so the era may have begun at an earlier commit.
    EndOfClone,
}

/// Finds the eras of a context, from the newest to the oldest. The first era contains the commit `tip`. The last era is
/// the newest earlier era in which the context got a variant, or the flag or environment did not exist. It is the
/// oldest known era if no such era is found.
///
/// # Errors
/// Returns [`HistoryError`] if a commit cannot be read.
pub fn blame(query: &DecisionQuery<'_>, tip: Revision) -> Result<Vec<Era>, HistoryError> {
    let mut eras = Vec::new();
    let mut newest = query.decide_at(tip)?;
    loop {
        if matches!(newest.observed, Observed::NoFlag | Observed::NoEnvironment) {
            eras.push(Era { newest: Some(newest), start: None });
            return Ok(eras);
        }
        // An era without a valid definition does not show the previous variant of the context, so the search continues.
        let is_last = !eras.is_empty() && matches!(newest.observed, Observed::Variant(..));
        let (oldest, before) = query.trace(newest.clone())?;
        let is_cut_off = before.is_none() && oldest.revision.depth()? == CloneDepth::Shallow;
        let cause = if is_cut_off { EraCause::EndOfClone } else { changes(query, before.as_ref(), &oldest)? };
        let details = oldest.revision.details()?;
        eras.push(Era { newest: Some(newest), start: Some(EraStart { oldest, details, cause }) });
        match before {
            Some(before) if !is_last => newest = before,
            None if !is_last && !is_cut_off => {
                eras.push(Era { newest: None, start: None });
                return Ok(eras);
            }
            Some(_) | None => return Ok(eras),
        }
    }
}

/// Finds the changes of the commit at which an era begins.
fn changes(
    query: &DecisionQuery<'_>,
    before: Option<&DecisionAt>,
    oldest: &DecisionAt,
) -> Result<EraCause, HistoryError> {
    let files = oldest.changed_files(before)?;
    let (mut flag, mut dependencies) = (Vec::new(), Vec::new());
    let is_valid = |decision: &&DecisionAt| !matches!(decision.observed, Observed::Invalid(_));
    if let Some((before, after)) = before.filter(is_valid).zip(Some(oldest).filter(is_valid)) {
        let bundles = [&before.bundle, &after.bundle];
        flag = compare_flag(bundles, query.flag);
        dependencies = compare_dependencies(bundles, query.flag);
    } else if before.is_none() {
        flag.push(DefinitionChange::Added);
    }
    Ok(EraCause::Changes { flag, dependencies, files })
}
