//! What `flagctl fmt` did to each file, or would do with `--check`.

use serde::Serialize;

use crate::report::{Lines, add_unified_diff};

/// The files that are not in the layout.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FormattingJson {
    /// The version of this structure.
    pub version: u32,
    /// Whether nothing was written, because of `--check`.
    pub check: bool,
    /// The number of files that were read.
    pub total: usize,
    /// The number of files that changed or would change.
    pub changed: usize,
    /// The files that changed, would change, or are left as they are. The others are in the layout.
    pub files: Vec<FormattedFileJson>,
}

/// A file that is not in the layout.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FormattedFileJson {
    /// The path from git's root.
    pub path: String,
    /// What became of it.
    pub state: FormattedState,
    /// Why it is left as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The texts before and after, of a file that changed or would change.
    #[serde(skip)]
    pub texts: Option<[String; 2]>,
}

/// What became of a file that is not in the layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FormattedState {
    /// It was written in the layout.
    Formatted,
    /// It would be written in the layout.
    WouldChange,
    /// It stays as it is.
    Refused,
}

impl FormattingJson {
    /// Returns whether a file stays out of the layout.
    pub fn has_refusals(&self) -> bool {
        self.files.iter().any(|file| file.state == FormattedState::Refused)
    }
}

/// Returns the changed files, or their changes, and the number of files. Notes have the files that are left as they are.
pub fn human(formatting: &FormattingJson) -> Lines {
    let mut lines = Lines::default();
    for file in &formatting.files {
        match (file.state, &file.texts) {
            (FormattedState::Formatted, _) => lines.add(format!("formatted {}", file.path)),
            (FormattedState::WouldChange, Some([before, after])) => {
                add_unified_diff(&mut lines, &file.path, before, after);
            }
            (FormattedState::WouldChange, None) | (FormattedState::Refused, _) => {}
        }
    }
    let verb = if formatting.check { "would change" } else { "changed" };
    lines.add(format!("{} of {} files {verb}", formatting.changed, formatting.total));
    lines
}
