//! The age of what is current.

use std::time::Duration;

use jiff::Timestamp;

use crate::publish::channel::LogEntry;
use crate::publish::manifest::EntryKind;

/// The difference between two clocks that counts as none.
const CLOCK_SKEW: Duration = Duration::from_secs(5 * 60);

/// The maximum age of the current commit.
#[derive(Debug, Clone, Copy)]
pub struct MaxAge {
    /// The maximum age.
    pub age: Duration,
    /// The time at which the age is measured.
    pub now: Timestamp,
}

impl MaxAge {
    /// Returns a problem if the current commit is older, or if its time is in the future: such a commit would be fresh
    /// for as long as its author likes.
    pub(super) fn problem(&self, current: &LogEntry) -> Option<String> {
        let created = &current.manifest.created;
        let Ok(time) = created.parse::<Timestamp>() else {
            return Some(format!("expected a timestamp as the time of the commit, found `{created}`"));
        };
        // `created` is the time of this commit.
        let manifest = &current.manifest;
        let commit = if manifest.kind == EntryKind::Rollback { &manifest.commit } else { &manifest.kills };
        let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        let age = self.now.as_second().saturating_sub(time.as_second());
        if age < -seconds(CLOCK_SKEW) {
            return Some(format!(
                "the age of the current commit is unknown: {commit} has the time {created}, which is in the future"
            ));
        }
        (age > seconds(self.age)).then(|| format!("the current commit is too old: {commit} was made at {created}"))
    }
}
