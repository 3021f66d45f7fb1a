//! The commits that changed a flag, or any flag, from the newest to the oldest.

use crate::git::{CloneDepth, CommitDetails, Revision};
use crate::history::commit_changes::commit_changes;
use crate::history::error::HistoryError;
use crate::history::flag_changes::LoggedChange;
use crate::history::flag_walk::{Comparison, FlagWalk, Step};
use crate::history::log_filter::LogFilter;

/// A walk through the commits that changed flags, from a commit back along first parents.
///
/// Each call of [`ChangeLog::next_commit`] reads only as many commits as it needs to find one, so a log of a long history
/// can be written while it is read.
#[derive(Debug)]
pub struct ChangeLog {
    /// The next commit to compare with its parent.
    next: Option<Revision>,
    /// The walk through the commits of one flag, or `None` for the log of all flags.
    flag: Option<FlagWalk>,
    filter: LogFilter,
    end_of_clone: Option<Revision>,
}

/// A commit that changed flags.
#[derive(Debug)]
pub struct LoggedCommit {
    /// The author, time and message of the commit.
    pub details: CommitDetails,
    /// The changes that the log contains. The list is not empty.
    pub changes: Vec<LoggedChange>,
}

impl ChangeLog {
    /// Creates the log of a flag, or of all flags, that ends with the commit `tip`.
    ///
    /// # Errors
    /// Returns [`HistoryError`] if a commit cannot be read.
    pub fn new(tip: Revision, flag: Option<&str>, filter: LogFilter) -> Result<Self, HistoryError> {
        let flag = flag.map(|key| FlagWalk::new(&tip, key)).transpose()?;
        Ok(Self { next: Some(tip), flag, filter, end_of_clone: None })
    }

    /// Finds the next commit with changes. Returns `None` at the end of the history.
    ///
    /// The times of commits are those of the machines that made them, so a commit may be older than its parent. Every
    /// commit is therefore examined, and one with a wrong time does not hide the commits before it.
    ///
    /// # Errors
    /// Returns [`HistoryError`] if a commit cannot be read.
    pub fn next_commit(&mut self) -> Result<Option<LoggedCommit>, HistoryError> {
        while self.has_unread_commits() {
            if let Some(commit) = self.examine()? {
                return Ok(Some(commit));
            }
        }
        Ok(None)
    }

    /// Examines one commit. Returns it if it has changes. A caller that has no time for the complete history can stop after
    /// each commit.
    ///
    /// # Errors
    /// Returns [`HistoryError`] if a commit cannot be read.
    pub fn examine(&mut self) -> Result<Option<LoggedCommit>, HistoryError> {
        let Some(revision) = self.next.take() else { return Ok(None) };
        let parent = revision.parent()?;
        let is_wanted = self.filter.includes_time(revision.seconds()?);
        let mut changes = match &mut self.flag {
            Some(flag) => {
                let comparison = if is_wanted { Comparison::Wanted } else { Comparison::Unwanted };
                match flag.step(&revision, parent.as_ref(), comparison)? {
                    Step::Changes(changes) => changes,
                    Step::EndOfClone => {
                        self.end_of_clone = Some(revision);
                        return Ok(None);
                    }
                }
            }
            None if parent.is_none() && revision.depth()? == CloneDepth::Shallow => {
                self.end_of_clone = Some(revision);
                return Ok(None);
            }
            None if is_wanted => commit_changes(&revision, parent.as_ref())?,
            None => Vec::new(),
        };
        self.next = parent;
        changes.retain(|change| self.filter.includes(change));
        if changes.is_empty() { Ok(None) } else { Ok(Some(LoggedCommit { details: revision.details()?, changes })) }
    }

    /// Returns whether there are commits that were not read yet.
    pub fn has_unread_commits(&self) -> bool {
        self.next.is_some()
    }

    /// Returns whether the flag was defined at a commit that was read. This is always true for the log of all flags.
    pub fn has_flag(&self) -> bool {
        self.flag.as_ref().is_none_or(|flag| flag.has_flag)
    }

    /// Returns the commit at which a shallow clone ends, if the walk has reached it and needs the commits before it. The
    /// changes of that commit are not known.
    pub fn end_of_clone(&self) -> Option<&Revision> {
        self.end_of_clone.as_ref()
    }
}
