//! Finds the definition that is renamed or removed.

use crate::actions::error::ActionError;
use crate::actions::name_error::NameError;
use crate::actions::named_kind::NamedKind;
use crate::actions::named_state::NamedState;
use crate::actions::session::WriteSession;
use crate::bundle::{NOW, TARGETING_KEY};
use crate::diag::did_you_mean_or_list;
use crate::references::{Name, Occurrence, Role};

/// A definition with exactly one position.
#[derive(Debug)]
pub(super) struct NamedDefinition {
    pub(super) name: Name,
    pub(super) occurrence: Occurrence,
}

impl NamedDefinition {
    /// Finds a definition.
    ///
    /// # Errors
    /// Returns an error if no file defines the name, or if several do.
    pub(super) fn find(
        session: &WriteSession,
        state: &NamedState,
        kind: NamedKind,
        text: &str,
    ) -> Result<Self, ActionError> {
        if kind == NamedKind::Attribute && [TARGETING_KEY, NOW].contains(&text) {
            return Err(NameError::BuiltIn(text.to_owned()).into());
        }
        if kind == NamedKind::Flag {
            session.flag_path(text)?;
        }
        let name = Name::new(kind.name_kind(), text);
        let is_definition = |occurrence: &&Occurrence| occurrence.role == Role::Definition;
        let found: Vec<&Occurrence> = state.index.occurrences(&name).iter().filter(is_definition).collect();
        match found.as_slice() {
            [only] => Ok(Self { occurrence: (*only).clone(), name }),
            [] => {
                let known: Vec<&str> = state.index.defined(kind.name_kind()).collect();
                let help = did_you_mean_or_list(text, &format!("the {} are", kind.plural()), known);
                let branch = session.branch().to_owned();
                let kind = kind.with_article();
                Err(NameError::Unknown { name: text.to_owned(), kind, branch, similar: help }.into())
            }
            several => {
                let snapshot = &state.loaded.snapshot;
                let locations = several.iter().map(|occurrence| snapshot.location(occurrence.site.span())).collect();
                Err(NameError::Duplicate { name: text.to_owned(), locations }.into())
            }
        }
    }
}
