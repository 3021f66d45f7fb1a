//! New files: what was written, what a person adds to files that exist, and which commands follow.

use serde::Serialize;

use crate::report::{Lines, Role, StyledText};

/// New files.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewFilesJson {
    /// The version of this structure.
    pub version: u32,
    /// Whether nothing was written, because the command only shows what it would write.
    pub dry_run: bool,
    /// The files, in the order in which they are written.
    pub files: Vec<NewFileJson>,
    /// What the person should know.
    pub notes: Vec<String>,
    /// The commands that follow.
    pub next: Vec<String>,
}

/// A new file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewFileJson {
    /// The path from git's root.
    pub path: String,
    /// What became of it.
    pub state: NewFileState,
    /// The complete text, if nothing is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The lines that are to be added to a file that exists.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lines_to_add: Vec<String>,
}

/// What became of a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NewFileState {
    /// It is or would be written.
    New,
    /// The file existed, and one or more of its values are or would be changed.
    Changed,
    /// A file is there already, and stays as it is.
    Exists,
}

impl NewFilesJson {
    /// Returns whether a file is or would be written.
    pub fn has_new(&self) -> bool {
        self.files.iter().any(|file| file.state != NewFileState::Exists)
    }
}

/// Returns whether one line is about both files: they are in the same hidden folder, and have the same state.
fn are_alike(left: &NewFileJson, right: &NewFileJson) -> bool {
    left.state == right.state && folder(left) == folder(right) && folder(left).contains(".flagctl/")
}

fn folder(file: &NewFileJson) -> &str {
    file.path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Returns a line for each file or folder of schemas, the lines to add, the notes and the next commands.
pub fn human(new: &NewFilesJson) -> Lines {
    let mut lines = Lines::default();
    for files in new.files.chunk_by(|left, right| !new.dry_run && are_alike(left, right)) {
        let (Some(file), number) = (files.first(), files.len()) else { continue };
        let (role, verb) = match (file.state, new.dry_run) {
            (NewFileState::New, false) => (Role::Good, "wrote"),
            (NewFileState::New, true) => (Role::Good, "would write"),
            (NewFileState::Changed, false) => (Role::Good, "changed"),
            (NewFileState::Changed, true) => (Role::Good, "would change"),
            (NewFileState::Exists, _) => (Role::Minor, "left as it is:"),
        };
        let what = match number {
            1 => StyledText::new(Role::Name, &file.path),
            _ => StyledText::from(format!("{number} files in ")).with(Role::Name, folder(file)),
        };
        lines.add(StyledText::new(role, verb).plain(" ").then(&what));
        for line in file.text.iter().flat_map(|text| text.lines()) {
            lines.add(format!("  {line}").trim_end());
        }
    }
    for file in new.files.iter().filter(|file| !file.lines_to_add.is_empty()) {
        lines.add("");
        lines.add(StyledText::from("add to ").with(Role::Name, &file.path));
        file.lines_to_add.iter().for_each(|line| lines.add(format!("  {line}")));
    }
    for note in &new.notes {
        lines.add("");
        lines.add(note);
    }
    if !new.next.is_empty() {
        lines.add("");
        lines.add(StyledText::new(Role::Name, "next"));
        new.next.iter().for_each(|command| lines.add(format!("  {command}")));
    }
    lines
}
