//! The commits that changed flags, as CSV for spreadsheets: a row for each change.

use crate::report::Printable;
use crate::report::escape::csv_cell;
use crate::report::history::commit::CommitJson;

/// The titles of the columns.
const COLUMNS: [&str; 12] = [
    "commit",
    "time",
    "author",
    "subject",
    "action",
    "reason",
    "flag",
    "owner",
    "environment",
    "kind",
    "through",
    "change",
];

/// Returns the row with the titles.
pub fn header() -> Printable {
    rows([COLUMNS.map(str::to_owned)].into_iter())
}

/// Returns the rows of a commit.
pub fn commit(commit: &CommitJson) -> Printable {
    rows(commit.changes.iter().map(|change| {
        let through = change.through.as_ref().map(|through| format!("{} {}", through.kind, through.name));
        let empty = |text: &Option<String>| text.clone().unwrap_or_default();
        [
            commit.commit.clone(),
            commit.at.clone(),
            commit.author.clone(),
            commit.subject.clone(),
            empty(&commit.action),
            empty(&commit.reason),
            change.flag.clone(),
            empty(&change.owner),
            empty(&change.environment),
            change.kind.to_owned(),
            empty(&through),
            change.text.clone(),
        ]
    }))
}

fn rows(rows: impl Iterator<Item = [String; COLUMNS.len()]>) -> Printable {
    let row = |cells: [String; COLUMNS.len()]| cells.map(|cell| csv_cell(&cell)).join(",") + "\r\n";
    Printable::csv(rows.map(row).collect())
}
