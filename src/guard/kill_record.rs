//! The kill file of a flag at a commit, as the state of a breaker.

use crate::bundle::Percent;
use crate::eval::parse_datetime;
use crate::git::{GitError, Revision};
use crate::guard::state::{GUARD, KillState};
use crate::model::kill_path;
use crate::snapshot::{File, FileId};
use crate::yaml;
use crate::yaml::{Completeness, Node};

/// Reads the state of a flag in an environment.
///
/// A file that a guard did not write, that has errors, or that is a link is that of a person.
///
/// # Errors
/// Returns [`GitError`] if the commit cannot be read.
pub(super) fn kill_state(revision: &Revision, flag: &str, environment: &str) -> Result<KillState, GitError> {
    let path = kill_path(flag, environment);
    if revision.blob_id(&path)?.is_none() {
        return Ok(KillState::None);
    }
    Ok(revision.read(&path)?.map_or(KillState::ByPerson, |file| parsed(&file)))
}

fn parsed(file: &File) -> KillState {
    let mut diagnostics = Vec::new();
    let document = yaml::parse(FileId(0), file, &mut diagnostics);
    let text = |key: &str| document.root.entry(key).and_then(|entry| entry.value.as_text());
    let at = text("at").and_then(parse_datetime);
    let admit = document.root.entry("admit").map(|entry| share(&entry.value));
    match (text("by"), at, admit) {
        (Some(GUARD), Some(at), None) if document.completeness == Completeness::Complete => {
            KillState::ByGuard { at, admit: None }
        }
        (Some(GUARD), Some(at), Some(Some(admit))) if document.completeness == Completeness::Complete => {
            KillState::ByGuard { at, admit: Some(admit) }
        }
        _ => KillState::ByPerson,
    }
}

fn share(node: &Node) -> Option<Percent> {
    node.as_text().and_then(|text| text.parse().ok())
}
