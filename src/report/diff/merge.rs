//! What a merge means that neither of its sides does.

use serde::Serialize;

use crate::report::diff::human::paragraph;
use crate::report::diff::markdown::{MARKER, code, details};
use crate::report::{EndJson, FlagDiffJson};

/// What git would make of two lines of work, and what that does.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MergeJson {
    /// Of this structure.
    version: u32,
    base: EndJson,
    theirs: EndJson,
    ours: EndJson,
    /// Files that git cannot merge, from git's root; the rest is not looked at then.
    pub conflicts: Vec<String>,
    /// What is wrong with the merged definitions.
    pub problems: Vec<String>,
    /// Flags that do in the merge what they do on neither side, as changes from `theirs`.
    pub with_theirs: Vec<FlagDiffJson>,
    /// The same flags, as changes from `ours`.
    pub with_ours: Vec<FlagDiffJson>,
}

impl MergeJson {
    /// Nothing is wrong yet.
    pub fn new(base: EndJson, theirs: EndJson, ours: EndJson) -> Self {
        let (conflicts, problems, with_theirs, with_ours) = Default::default();
        Self { version: 1, base, theirs, ours, conflicts, problems, with_theirs, with_ours }
    }

    /// Whether git merges without asking, and means what one of both sides did.
    pub fn is_sound(&self) -> bool {
        self.conflicts.is_empty() && self.problems.is_empty() && self.with_ours.is_empty()
    }

    fn summary(&self) -> String {
        let ends = format!("{} and {}", self.theirs.name, self.ours.name);
        if !self.conflicts.is_empty() {
            return format!("{ends} conflict: nothing else was looked at");
        }
        let flags = match self.with_ours.len() {
            0 if self.problems.is_empty() => {
                "every flag does what it does on one of both sides: proven for all contexts".to_owned()
            }
            0 => String::new(),
            1 => "1 flag does what it does on neither side".to_owned(),
            number => format!("{} do what they do on neither side", crate::report::text::counted(number, "flag")),
        };
        let problems = match self.problems.len() {
            0 => String::new(),
            number => format!("the merge has {}", crate::report::text::counted(number, "error")),
        };
        let said: Vec<String> = [flags, problems].into_iter().filter(|part| !part.is_empty()).collect();
        format!("{ends} merge without a conflict; {}", said.join("; "))
    }
}

/// What is wrong with the merge, and what differs from both sides.
pub fn merge(merge: &MergeJson) -> String {
    let mut text = String::new();
    for path in &merge.conflicts {
        text += &format!("conflict: {path}\n");
    }
    for problem in &merge.problems {
        text += &format!("error: {problem}\n");
    }
    for (side, flags) in sides(merge) {
        for flag in flags {
            for change in &flag.changes {
                text += &format!("from {side} to the merge: {}\n", paragraph(&flag.flag, change, None));
            }
        }
    }
    format!("{text}{}\n", merge.summary())
}

/// As [`merge`], for a comment.
pub fn merge_markdown(merge: &MergeJson) -> String {
    let mut text = format!("{MARKER}\n### What merging means\n\n{}\n", code(&merge.summary()));
    for problem in merge.conflicts.iter().map(|path| format!("conflict: {path}")).chain(merge.problems.iter().cloned())
    {
        text += &format!("\n- {}", code(&problem));
    }
    for (side, flags) in sides(merge) {
        if !flags.is_empty() {
            text += &format!("\nFrom {} to the merge:\n", code(side));
            details(&mut text, flags, None);
        }
    }
    text
}

fn sides(merge: &MergeJson) -> [(&str, &[FlagDiffJson]); 2] {
    [(&merge.theirs.name, &merge.with_theirs), (&merge.ours.name, &merge.with_ours)]
}
