//! One message for a mistake that a list repeats.
//!
//! An author who writes `steps: [25, 50]` without percent signs makes one mistake, and a list of fifty values should not
//! have fifty messages. The values of one list, or the shares of one split, that violate the same schema in the same way are
//! one problem, at the first of them. The others are related positions.

use std::collections::BTreeMap;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;

use crate::diag::{Diagnostic, Diagnostics, Fix};
use crate::schema::location::Location;
use crate::yaml::{Node, Value};

/// The path of a list or a split in a file, and the path of a keyword in a schema.
type Mistake = (String, String);

/// Diagnostics, and which of them are about the entries of a list.
#[derive(Default)]
pub(super) struct RepeatedMistakes {
    diagnostics: Diagnostics,
    /// The index of the first diagnostic of each mistake.
    first: BTreeMap<Mistake, usize>,
}

impl RepeatedMistakes {
    /// Adds the diagnostics of an error.
    pub(super) fn add(&mut self, root: &Node, error: &ValidationError<'_>, found: Diagnostics) {
        let mistake = mistake(root, error);
        for diagnostic in found {
            let index = self.diagnostics.len();
            let first = mistake.clone().map(|mistake| *self.first.entry(mistake).or_insert(index));
            match first.and_then(|first| self.diagnostics.get_mut(first)) {
                Some(first) => join(first, diagnostic),
                None => self.diagnostics.push(diagnostic),
            }
        }
    }

    pub(super) fn into_diagnostics(self) -> Diagnostics {
        self.diagnostics
    }
}

/// Returns the mistake that an error is an instance of, or `None` if the value is not an entry of a list or a share.
fn mistake(root: &Node, error: &ValidationError<'_>) -> Option<Mistake> {
    let is_value = matches!(error.kind(), ValidationErrorKind::Type { .. } | ValidationErrorKind::Pattern { .. });
    let (parent, _) = error.instance_path().as_str().rsplit_once('/').filter(|_| is_value)?;
    let location = Location::find(root, parent);
    let is_split = location.entry.is_some_and(|entry| entry.key == "serve");
    let has_entries = matches!(location.node.value, Value::List(_)) || is_split;
    has_entries.then(|| (parent.to_owned(), error.schema_path().as_str().to_owned()))
}

/// Adds the position and the advice of another instance of a mistake to its diagnostic.
fn join(first: &mut Diagnostic, other: Diagnostic) {
    first.related.push((other.span, "here, too".to_owned()));
    // Advice such as "write `25%`" differs for each value.
    let is_replacement = |help: &str| help.starts_with("write `") && help.ends_with('`');
    if let (Some(help), Some(more)) = (&mut first.help, other.help.as_deref())
        && is_replacement(help)
        && let Some(more) = more.strip_prefix("write ").filter(|_| is_replacement(more))
    {
        *help = format!("{help}, {more}");
        // The mistake has a fix if each of its instances has one.
        first.fix = first.fix.take().zip(other.fix).map(|(mut fix, more)| {
            fix.edits.extend(more.edits);
            Fix { title: help.clone(), ..fix }
        });
    } else {
        first.fix = None;
    }
}
