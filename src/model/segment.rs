//! Segments in written form.

use crate::model::condition::Condition;
use crate::model::lower::{Lowering, first_key};
use crate::snapshot::{FileId, Span, Spanned};
use crate::yaml::{Completeness, Node};

/// A named condition.
#[derive(Debug, Clone)]
pub struct Segment {
    /// The stem of the file.
    pub name: String,
    /// The file.
    pub file: FileId,
    /// The first key of the file, to which diagnostics about a missing key point.
    pub start: Span,
    /// Whether everything in the file could be read.
    pub completeness: Completeness,
    /// The purpose of the segment, as a sentence.
    pub description: Option<Spanned<String>>,
    /// The person or team that is responsible for the segment.
    pub owner: Option<Spanned<String>>,
    /// The condition that contexts of the segment satisfy, or `None` if the segment has no `if`: every context belongs
    /// to it. It is also `None` if `if` could not be read, and the segment is then incomplete.
    pub condition: Option<Spanned<Condition>>,
}

impl Segment {
    pub(super) fn lower(lowering: &mut Lowering, root: &Node, name: &str, file: FileId) -> Self {
        let fields = lowering.fields(root, &["description", "owner", "if"]);
        let description = fields.get("description").and_then(|node| lowering.nonempty_text(node));
        let owner = fields.get("owner").and_then(|node| lowering.nonempty_text(node));
        let condition = fields.get("if").and_then(|node| {
            let value = lowering.condition(node)?;
            Some(Spanned { value, span: node.span })
        });
        let completeness = Completeness::Complete;
        Self { name: name.to_owned(), file, start: first_key(root), completeness, description, owner, condition }
    }
}
