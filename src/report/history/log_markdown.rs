//! The commits that changed flags, as a table in Markdown: a row for the flags with the same changes.

use crate::git::short_id;
use crate::report::escape::markdown_code;
use crate::report::history::commit::CommitJson;
use crate::report::history::log::flags;
use crate::report::{EnvironmentSets, Printable};

/// Returns the titles of the columns.
pub fn header() -> Printable {
    Printable::markdown("| time | commit | author | flags | changes |\n|---|---|---|---|---|\n")
}

/// Returns the rows of a commit.
pub fn commit(commit: &CommitJson, sets: &EnvironmentSets) -> Printable {
    let subject = [Some(commit.subject.clone()), commit.command()];
    let subject: Vec<String> = subject.iter().flatten().map(|line| markdown_code(line)).collect();
    let id = markdown_code(short_id(&commit.commit));
    let commit_cells = format!("| {} | {id} {} | {} |", commit.at, subject.join("<br>"), markdown_code(&commit.author));
    let rows = commit.groups(sets).into_iter().map(|group| {
        let changes: Vec<String> = group.lines.iter().map(|line| markdown_code(line.as_str())).collect();
        format!("{commit_cells} {} | {} |\n", markdown_code(&flags(&group.flags)), changes.join("<br>"))
    });
    Printable::markdown(&rows.collect::<String>())
}
