//! A merge as a comment on a pull request.

use crate::report::Printable;
use crate::report::diff::markdown::{MARKER, changes};
use crate::report::escape::markdown_code;
use crate::report::merge::MergeJson;

/// Returns the summary, the conflicts and errors, and the flags that differ from both revisions.
pub fn merge(merge: &MergeJson) -> Printable {
    let mut text = format!("{MARKER}\n### What merging means\n\n{}\n", markdown_code(&merge.summary()));
    let conflicts = merge.conflicts.iter().map(|path| format!("conflict: {path}"));
    for problem in conflicts.chain(merge.problems.iter().cloned()) {
        text += &format!("\n- {}", markdown_code(&problem));
    }
    for (revision, flags) in merge.changes() {
        if !flags.is_empty() {
            text += &format!("\nFrom {} to the merge:\n", markdown_code(revision));
            changes(&mut text, flags, None, &merge.command());
        }
    }
    Printable::markdown(&text)
}
