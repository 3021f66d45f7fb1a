//! The commits that changed a flag, as JSON and as text.

use serde::Serialize;

use crate::history::FlagLog;
use crate::report::Lines;
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
        let commits = log.commits.iter().map(|commit| CommitJson::new(&commit.details, flag, &commit.changes));
        Self { version: 1, flag, commits: commits.collect() }
    }
}

/// Returns a paragraph for each commit.
pub fn log(log: &FlagLogJson<'_>) -> Lines {
    let mut lines = Lines::default();
    for (index, commit) in log.commits.iter().enumerate() {
        if index > 0 {
            lines.add("");
        }
        commit.heading("", &mut lines);
        if commit.decides_as_before() {
            lines.add("    decides as before");
        }
        commit.change_lines(&mut lines);
    }
    lines
}
