//! A merge for a terminal.

use crate::report::diff::human::change;
use crate::report::escape::terminal;
use crate::report::merge::MergeJson;

/// Returns the conflicts, the errors and the flags that differ from both revisions, and a summary.
pub fn merge(merge: &MergeJson) -> String {
    let mut text = String::new();
    for path in &merge.conflicts {
        text += &format!("conflict: {path}\n");
    }
    for problem in &merge.problems {
        text += &format!("error: {problem}\n");
    }
    for (revision, flags) in merge.changes() {
        for flag in flags {
            for flag_change in &flag.changes {
                text += &format!("from {revision} to the merge: {}\n", change(&flag.flag, flag_change, None));
            }
        }
    }
    terminal(&format!("{text}{}\n", merge.summary()))
}
