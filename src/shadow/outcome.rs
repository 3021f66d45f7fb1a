//! The outcome of one comparison.

use crate::events::{BadRow, ShadowRecord};
use crate::model::IgnoredPath;
use crate::snapshot::Spanned;

/// The outcome of one comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Both runs succeeded with equal answers.
    Equal,
    /// Both runs succeeded with different answers.
    Different,
    /// Only the candidate failed, or only the second run of the control.
    OnlyCandidateFailed,
    /// Only the control failed.
    OnlyControlFailed,
    /// Both runs failed in the same way.
    BothFailedAlike,
    /// Both runs failed, in different ways.
    BothFailedDifferently,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 6] = [
        Self::Equal,
        Self::Different,
        Self::OnlyCandidateFailed,
        Self::OnlyControlFailed,
        Self::BothFailedAlike,
        Self::BothFailedDifferently,
    ];

    /// Returns the outcome of a record. Differences only at `ignored` paths do not count.
    ///
    /// # Errors
    /// Returns [`BadRow::Contradiction`] if the record does not say whether the answers are equal, or says both.
    pub(super) fn of(record: &ShadowRecord<'_>, ignored: &[Spanned<IgnoredPath>]) -> Result<Self, BadRow> {
        let only_ignored =
            !record.diff_paths.is_empty() && record.diff_paths.iter().all(|path| is_ignored(path, ignored));
        if record.matches == Some(true) && record.control.ok != record.candidate.ok {
            return Err(BadRow::Contradiction("`match` is true, and only one of both runs is `ok`"));
        }
        Ok(match (record.control.ok, record.candidate.ok) {
            (true, false) => Self::OnlyCandidateFailed,
            (false, true) => Self::OnlyControlFailed,
            (false, false) => match record.matches.unwrap_or(record.control.error == record.candidate.error) {
                true => Self::BothFailedAlike,
                false => Self::BothFailedDifferently,
            },
            (true, true) if only_ignored => Self::Equal,
            (true, true) => match (record.matches, &record.control.hash, &record.candidate.hash) {
                (Some(true), ..) => Self::Equal,
                (Some(false), ..) => Self::Different,
                (None, Some(control), Some(candidate)) if control == candidate => Self::Equal,
                (None, Some(_), Some(_)) => Self::Different,
                (None, ..) => {
                    let why = "neither `match` nor the hashes of both runs say whether the answers are equal";
                    return Err(BadRow::Contradiction(why));
                }
            },
        })
    }

    /// Returns whether the candidate does not do what the control does.
    pub fn is_mismatch(self) -> bool {
        match self {
            Self::Equal | Self::BothFailedAlike => false,
            Self::Different | Self::OnlyCandidateFailed | Self::OnlyControlFailed | Self::BothFailedDifferently => true,
        }
    }
}

/// Returns whether a difference at a path does not count.
pub(super) fn is_ignored(path: &str, ignored: &[Spanned<IgnoredPath>]) -> bool {
    ignored.iter().any(|ignored| ignored.value.covers(path))
}
