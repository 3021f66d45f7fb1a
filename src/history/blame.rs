//! Which commit gave a context its variant, and what the context got before.

use crate::diff::{DefinitionChange, Shift, compare_flag, compare_segments};
use crate::git::{CloneDepth, CommitDetails, Revision};
use crate::history::decision_trace::{DecisionAt, DecisionQuery, Observed};
use crate::history::error::HistoryError;

/// Commits in a row at which a context got the same.
#[derive(Debug)]
pub struct Era {
    /// The decision at the newest of them; none before the first commit, where no flag is defined.
    pub newest: Option<DecisionAt>,
    /// How the era began; none if the flag or the environment did not exist in it.
    pub start: Option<EraStart>,
}

/// The beginning of an era.
#[derive(Debug)]
pub struct EraStart {
    /// The decision at the oldest commit.
    pub oldest: DecisionAt,
    /// The author, time and message of that commit.
    pub details: CommitDetails,
    /// Why the era begins there.
    pub cause: EraCause,
}

/// Why an era begins at a commit.
#[derive(Debug)]
pub enum EraCause {
    /// The commit changed definitions.
    Changes {
        /// The changes of the flag itself.
        flag: Vec<DefinitionChange>,
        /// The changes of other flags that it depends on, with their keys.
        other_flags: Vec<(String, DefinitionChange)>,
        /// The changes of segments, with their names.
        segments: Vec<(String, Shift)>,
        /// The paths of all files that the commit changed and the decision depends on.
        files: Vec<String>,
    },
    /// The history of a shallow clone ends there, so an earlier commit may have begun it.
    EndOfClone,
}

/// Finds what the context gets at a commit and since when, and the same for the time before, back to the last variant
/// that it got before the present one. The present era is the first.
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
        // An era without a valid definition does not answer what the context got before.
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

/// Finds what the commit at which an era begins changed.
fn changes(
    query: &DecisionQuery<'_>,
    before: Option<&DecisionAt>,
    oldest: &DecisionAt,
) -> Result<EraCause, HistoryError> {
    let files = oldest.changed_files(before)?;
    let (mut flag, mut other_flags, mut segments) = (Vec::new(), Vec::new(), Vec::new());
    let is_valid = |decision: &&DecisionAt| !matches!(decision.observed, Observed::Invalid(_));
    if let Some((before, after)) = before.filter(is_valid).zip(Some(oldest).filter(is_valid)) {
        let bundles = [&before.bundle, &after.bundle];
        flag = compare_flag(bundles, query.flag);
        for other in after.bundle.flags.iter().filter(|other| other.key.as_ref() != query.flag) {
            // A flag that the decision did not depend on before existed nevertheless, so it counts as no change.
            if before.bundle.flag(&other.key).is_some() {
                let changes = compare_flag(bundles, &other.key);
                other_flags.extend(changes.into_iter().map(|change| (other.key.to_string(), change)));
            }
        }
        segments = compare_segments(&before.bundle, &after.bundle);
    } else if before.is_none() {
        flag.push(DefinitionChange::Added);
    }
    Ok(EraCause::Changes { flag, other_flags, segments, files })
}
