//! Kills in written form.

use jiff::Timestamp;

use crate::bundle::Percent;
use crate::model::lower::{Lowering, first_key, read_all};
use crate::snapshot::{FileId, Span, Spanned};
use crate::yaml::{Entry, Node, Value};

/// The maximum number of entries in `evidence`.
const MAX_EVIDENCE: usize = 16;
/// The maximum number of characters of a text in `evidence`.
const MAX_EVIDENCE_TEXT: usize = 1_024;

/// An emergency stop of one flag in one environment: the flag serves its `off` variant, except to the units that the kill
/// admits.
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
    /// The share of units that keep what the flag would serve without the kill, more than 0 % and less than 100 %.
    pub admit: Option<Spanned<Percent>>,
    /// What the decision to kill was based on: names with texts, numbers or booleans. It decides nothing.
    pub evidence: Vec<(Spanned<String>, Node)>,
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
        let fields = lowering.fields(root, &["reason", "by", "at", "expires", "admit", "evidence"]);
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
            admit: fields.get("admit").and_then(|node| admitted(lowering, node)),
            evidence: fields.get("evidence").map_or_else(Vec::new, |node| evidence(lowering, node)),
        }
    }

    /// Returns the share of units that the kill admits, which is none for most kills. An `admit` with an error counts as
    /// none, because a kill must not admit more than was meant.
    pub fn admits(&self) -> Percent {
        self.admit.as_ref().map_or(Percent::ZERO, |admit| admit.value)
    }
}

fn admitted(lowering: &mut Lowering, node: &Node) -> Option<Spanned<Percent>> {
    let share = lowering.percent(node)?;
    match share.value {
        Percent::ZERO | Percent::ALL => lowering.misfit(node.span, "a percentage above `0%` and below `100%`"),
        _ => Some(share),
    }
}

fn evidence(lowering: &mut Lowering, node: &Node) -> Vec<(Spanned<String>, Node)> {
    let entries = lowering.nonempty_mapping(node);
    if entries.len() > MAX_EVIDENCE {
        lowering.misfit::<()>(node.span, "a mapping with at most 16 entries");
    }
    let fact = |entry: &Entry| match &entry.value.value {
        Value::Text(text) if text.chars().count() > MAX_EVIDENCE_TEXT => {
            lowering.misfit(entry.value.span, "a string of at most 1024 characters")
        }
        Value::Boolean(_) | Value::Number(..) | Value::Text(_) => Some((lowering.key(entry)?, entry.value.clone())),
        Value::Null | Value::List(_) | Value::Map(_) => {
            lowering.misfit(entry.value.span, "a string, a number or a boolean")
        }
    };
    read_all(entries, fact)
}
