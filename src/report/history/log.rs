//! The commits that changed a flag, as JSON and as text.

use serde::Serialize;

use crate::history::FlagLog;
use crate::report::escape::terminal;
use crate::report::history::commit::CommitJson;

/// The commits that changed a flag.
#[derive(Debug, Serialize)]
pub struct FlagLogJson<'l> {
    /// The version of this structure.
    version: u32,
    /// The flag's key.
    flag: &'l str,
    /// The commits, from the newest to the oldest.
    commits: Vec<CommitJson>,
}

impl<'l> FlagLogJson<'l> {
    /// Describes the commits that changed a flag.
    pub fn new(flag: &'l str, log: &FlagLog) -> Self {
        let commits = log.commits.iter().map(|commit| {
            let changes = commit.changes.iter().map(|(environment, change)| (environment.as_str(), change));
            CommitJson::new(&commit.details, flag, changes)
        });
        Self { version: 1, flag, commits: commits.collect() }
    }
}

/// Returns a paragraph for each commit.
pub fn log(log: &FlagLogJson<'_>) -> String {
    let paragraphs = log.commits.iter().map(|commit| {
        let remark = if commit.decides_as_before() { "    decides as before\n" } else { "" };
        format!("{}{remark}{}", commit.heading(), commit.change_lines())
    });
    terminal(&paragraphs.collect::<Vec<_>>().join("\n"))
}
