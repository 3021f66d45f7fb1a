//! Finds names that are not usable on all file systems.
//!
//! macOS and Windows do not distinguish names that differ only in case or in the Unicode normal form, and Windows
//! refuses some names. A checkout there would replace one file by the other, and a kill would stop another flag. The
//! input is the paths of the files and the names of the environments, which are folders of kills.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{FLAGS, LAYERS, Project, SEGMENTS};
use crate::snapshot::{FileId, Snapshot, Span};

/// Names of devices, which Windows does not allow as names of files, with any extension.
const DEVICES: [&str; 4] = ["aux", "con", "nul", "prn"];
/// Characters that Windows does not allow in names.
const REFUSED: [char; 9] = ['<', '>', ':', '"', '|', '?', '*', '\\', '/'];

/// Reports names that clash, and names that Windows refuses. Each problem is reported once, at the later name.
pub(super) fn check(snapshot: &Snapshot, project: &Project) -> Diagnostics {
    let mut names = Names::default();
    for (id, file) in snapshot.files() {
        names.path(&file.path, start(id));
    }
    // Files in different folders have one set of keys, and their kills are in one folder.
    for flag in &project.flags {
        names.add("", FLAGS, &flag.key, start(flag.file));
    }
    for segment in &project.segments {
        names.add("", SEGMENTS, &segment.name, Span { start: 0, end: 0, ..segment.start });
    }
    for layer in &project.layers {
        names.add("", LAYERS, &layer.name, start(layer.file));
    }
    for environment in &project.settings.environments {
        names.add("", "environments", &environment.value, environment.span);
        names.check_windows(&environment.value, environment.span);
    }
    names.diagnostics
}

fn start(file: FileId) -> Span {
    Span { file, start: 0, end: 0 }
}

/// The names so far.
#[derive(Default)]
struct Names {
    /// The first name with each folded form, by the folder that contains it.
    first: BTreeMap<(String, String), (String, Span)>,
    diagnostics: Diagnostics,
}

impl Names {
    /// Adds a file and the folders that contain it.
    fn path(&mut self, path: &str, span: Span) {
        let mut folder = "";
        let is_definition = [FLAGS, SEGMENTS, LAYERS].iter().any(|kind| path.starts_with(kind));
        for part in path.split('/') {
            // The names of these files are compared as the keys of their definitions.
            if is_definition && folder.len() + part.len() + 1 == path.len() {
                self.check_windows(part, span);
                return;
            }
            let is_new = self.add("./", folder, part, span);
            if is_new {
                self.check_windows(part, span);
            }
            folder = path.get(..folder.len() + part.len() + usize::from(!folder.is_empty())).unwrap_or(path);
        }
    }

    /// Adds a name in a folder. Reports the name if another name has the same folded form. Returns whether it is the
    /// first name with this form.
    fn add(&mut self, space: &str, folder: &str, name: &str, span: Span) -> bool {
        let key = (format!("{space}{folder}"), folded(name));
        let Some((first, first_span)) = self.first.get(&key) else {
            self.first.insert(key, (name.to_owned(), span));
            return true;
        };
        if first != name {
            let message = format!("`{name}` and `{first}` are one name on macOS and Windows");
            self.diagnostics.push(
                Diagnostic::new(Code::UnportableName, span, message)
                    .related(*first_span, format!("`{first}` is here"))
                    .help("rename one of the two, so that they differ in more than case and Unicode normal form"),
            );
        }
        false
    }

    fn check_windows(&mut self, name: &str, span: Span) {
        let Some(message) = refused_by_windows(name) else { return };
        self.diagnostics.push(Diagnostic::new(Code::UnportableName, span, message).help("choose another name"));
    }
}

/// Returns the reason why Windows refuses a name of a file, as a sentence.
pub fn refused_by_windows(name: &str) -> Option<String> {
    let stem = folded(name.split('.').next().unwrap_or(name));
    let is_port = ["com", "lpt"].iter().any(|port| {
        let number = stem.strip_prefix(port).unwrap_or_default();
        number.len() == 1 && number.bytes().all(|digit| digit.is_ascii_digit() && digit != b'0')
    });
    let reason = if is_port || DEVICES.contains(&stem.as_str()) {
        "it is the name of a device"
    } else if name.ends_with(['.', ' ']) {
        "it ends with a dot or a space"
    } else if name.contains(|char: char| REFUSED.contains(&char) || char.is_control()) {
        "it has a character that Windows does not allow in names"
    } else {
        return None;
    };
    Some(format!("`{name}` is not a name of a file on Windows: {reason}"))
}

/// Returns the form in which file systems compare names.
pub fn folded(name: &str) -> String {
    if name.is_ascii() {
        name.to_ascii_lowercase()
    } else {
        name.nfc().collect::<String>().to_lowercase().nfc().collect()
    }
}
