//! The newest commits that changed a flag.

use std::time::{Duration, Instant};

use crate::git::{CacheWrites, RevisionSpec};
use crate::history::{ChangeLog, LogFilter};
use crate::report::history::log;
use crate::report::page::FlagHistory;
use crate::serve::follower::HistorySource;
use crate::source::FlagRepository;

/// The maximum number of commits.
const COMMITS: usize = 20;
/// The maximum time of the search. A commit is examined as a whole, so the search can take a little longer.
const TIME: Duration = Duration::from_secs(3);

/// Reads the history of a flag in an environment. `commit` is that of the current bundle, if it has one.
pub(super) fn read(source: &HistorySource, commit: Option<&str>, environment: &str, key: &str) -> FlagHistory {
    match commits(source, commit, environment, key) {
        Ok(history) => history,
        Err(problem) => FlagHistory::Unknown(problem.to_string()),
    }
}

fn commits(
    source: &HistorySource,
    commit: Option<&str>,
    environment: &str,
    key: &str,
) -> Result<FlagHistory, Box<dyn std::error::Error>> {
    let end = Instant::now() + TIME;
    let newest = commit.map_or_else(|| source.newest.clone(), RevisionSpec::new);
    let tip = FlagRepository::find(&source.folder, CacheWrites::Forbidden)?.revision(&newest)?;
    let filter = LogFilter { environments: vec![environment.to_owned()], ..LogFilter::default() };
    let mut changes = ChangeLog::new(tip, Some(key), filter)?;
    let mut commits = Vec::new();
    while changes.has_unread_commits() && commits.len() < COMMITS && Instant::now() < end {
        commits.extend(changes.examine()?.map(|found| log::commit(&found, Some(key))));
    }
    let complete = !changes.has_unread_commits() && changes.end_of_clone().is_none();
    Ok(FlagHistory::Commits { commits, complete })
}
