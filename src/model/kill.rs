//! Kills in written form.

use jiff::Timestamp;

use crate::model::lower::{Lowering, first_key};
use crate::snapshot::{FileId, Span, Spanned};
use crate::yaml::Node;

/// An emergency stop of one flag in one environment: the flag serves its `off` variant.
#[derive(Debug, Clone)]
pub struct Kill {
    /// The key of the flag: the stem of the file.
    pub flag: String,
    /// The environment: the folder of the file.
    pub environment: String,
    /// The file.
    pub file: FileId,
    /// The first key of the file, to which diagnostics about a missing key point.
    pub start: Span,
    /// The reason.
    pub reason: Option<Spanned<String>>,
    /// The person who killed the flag.
    pub by: Option<Spanned<String>>,
    /// The time of the kill in its written form.
    pub at: Option<Spanned<String>>,
    /// The time at which the kill should have ended. It lasts until its file is removed.
    pub expires: Option<Spanned<Timestamp>>,
}

/// Whether decisions respect the kills of the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RepositoryKills {
    /// A killed flag serves `off`.
    Counted,
    /// Decisions are made as if no flag were killed.
    LeftOut,
}

impl Kill {
    pub(super) fn lower(lowering: &mut Lowering, root: &Node, environment: &str, key: &str, file: FileId) -> Self {
        let fields = lowering.fields(root, &["reason", "by", "at", "expires"]);
        Self {
            flag: key.to_owned(),
            environment: environment.to_owned(),
            file,
            start: first_key(root),
            reason: fields.required("reason", lowering).and_then(|node| lowering.nonempty_text(node)),
            by: fields.get("by").and_then(|node| lowering.nonempty_text(node)),
            at: fields.get("at").and_then(|node| {
                lowering.timestamp(node)?;
                lowering.text(node)
            }),
            expires: fields.get("expires").and_then(|node| lowering.timestamp(node)),
        }
    }
}
