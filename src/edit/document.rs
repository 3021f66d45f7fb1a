//! Parses a text for an edit, and refuses a text that has errors.

use crate::edit::refusal::Refusal;
use crate::snapshot::{File, FileId};
use crate::yaml;
use crate::yaml::{Completeness, Node};

/// Parses a text to a tree.
///
/// # Errors
/// Returns [`Refusal::Unreadable`] if the text is not valid YAML.
pub(super) fn read(text: &str) -> Result<Node, Refusal> {
    let file = File::new(String::new(), text.into());
    let document = yaml::parse(FileId(0), &file, &mut Vec::new());
    if document.completeness == Completeness::Complete { Ok(document.root) } else { Err(Refusal::Unreadable) }
}
