//! The commits that changed flags, as JSON and as text.

use serde::Serialize;

use crate::history::LoggedCommit;
use crate::report::history::commit::CommitJson;
use crate::report::text::counted;
use crate::report::{EnvironmentSets, Lines, Role, StyledText};

/// The commits that changed a flag, or any flag.
#[derive(Debug, Serialize)]
pub struct LogJson {
    /// The version of this structure.
    pub version: u32,
    /// The flag's key, or `None` for the log of all flags.
    pub flag: Option<String>,
    /// The commits, from the newest to the oldest.
    pub commits: Vec<CommitJson>,
    /// Whether the whole history was read. Otherwise, the number of commits was limited, and older commits may have
    /// changes.
    pub complete: bool,
}

/// Describes a commit of the log of a flag, or of all flags.
pub fn commit(commit: &LoggedCommit, flag: Option<&str>) -> CommitJson {
    CommitJson::new(&commit.details, flag, &commit.changes)
}

/// Returns a paragraph for a commit of the log of one flag.
pub fn flag_commit(commit: &CommitJson, sets: &EnvironmentSets) -> Lines {
    let mut lines = Lines::default();
    commit.heading("", &mut lines);
    for line in commit.groups(sets).iter().flat_map(|group| &group.lines) {
        lines.add(StyledText::from("    ").then(line));
    }
    lines
}

/// Returns a paragraph for a commit of the log of all flags. Flags with the same changes are written together.
pub fn repository_commit(commit: &CommitJson, sets: &EnvironmentSets) -> Lines {
    let mut lines = Lines::default();
    commit.heading("", &mut lines);
    for group in commit.groups(sets) {
        lines.add(StyledText::from("    ").with(Role::Name, flags(&group.flags)));
        group.lines.iter().for_each(|line| lines.add(StyledText::from("      ").then(line)));
    }
    lines
}

/// Returns the keys of flags for people: at most eight, and the number of the others.
pub(super) fn flags(keys: &[&str]) -> String {
    /// The maximum number of keys.
    const SHOWN: usize = 8;
    match keys.len().checked_sub(SHOWN) {
        Some(more) if more > 1 => {
            format!("{} and {}", keys.get(..SHOWN).unwrap_or_default().join(", "), counted(more, "more flag"))
        }
        Some(_) | None => keys.join(", "),
    }
}
