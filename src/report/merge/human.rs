//! A merge for a terminal.

use crate::report::diff::human::change;
use crate::report::merge::MergeJson;
use crate::report::{Label, Lines, Role, StyledText};

/// Returns the conflicts, the errors and the flags that differ from both revisions, and a summary.
pub fn merge(merge: &MergeJson) -> Lines {
    let mut lines = Lines::default();
    for path in &merge.conflicts {
        lines.add(StyledText::new(Role::Error, "conflict:").plain(format!(" {path}")));
    }
    for problem in &merge.problems {
        lines.message(Label::Error, problem);
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
