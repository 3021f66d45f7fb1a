//! A merge for a terminal.

use crate::report::Lines;
use crate::report::diff::human::change;
use crate::report::merge::MergeJson;

/// Returns the conflicts, the errors and the flags that differ from both revisions, and a summary.
pub fn merge(merge: &MergeJson) -> Lines {
    let mut lines = Lines::default();
    for path in &merge.conflicts {
        lines.add(format!("conflict: {path}"));
    }
    for problem in &merge.problems {
        lines.add(format!("error: {problem}"));
    }
    for (revision, flags) in merge.changes() {
        if !flags.is_empty() {
            lines.add(format!("from {revision} to the merge:"));
            lines.add("");
        }
        for flag in flags {
            for flag_change in flag.shown_changes() {
                change(&flag.flag, flag_change, None, &mut lines);
                lines.add("");
            }
        }
    }
    lines.add(merge.summary());
    lines
}
