//! The other type of a text attribute that the two bundles declare with different types.
//!
//! The text `10.1.2.3` is a string before a change and an address after it, and `hello` is only a string. The text domain
//! therefore needs to know, for each of its texts, whether a context reads it as a value of the other type, and in which
//! piece of the other domain this value lies.

use std::sync::Arc;

use crate::analyze::encoding::dfa::CompiledPattern;
use crate::analyze::encoding::ordered_domain::OrderedDomain;
use crate::analyze::search::solver::{Literal, Model, Solver};

/// The other type of a text attribute: a version, a time or an address.
pub(crate) struct OtherType {
    /// True if the text has the type.
    typed: Literal,
    domain: OrderedDomain,
    /// A pattern that matches every text of the type.
    pub(crate) syntax: Arc<CompiledPattern>,
}

impl OtherType {
    /// Returns `None` if no text has the type.
    pub(crate) fn new(typed: Literal, domain: &OrderedDomain) -> Option<Self> {
        let syntax = CompiledPattern::compile(&domain.syntax()?);
        Some(Self { typed, domain: domain.clone(), syntax })
    }

    /// Returns the piece that the model chooses, or `None` if the text does not have the type in the model.
    pub(crate) fn wanted(&self, model: &Model) -> Option<usize> {
        model.holds(self.typed).then(|| self.domain.piece(model))
    }

    /// Returns the piece of the text, or `None` if the text does not have the type.
    pub(crate) fn piece_of(&self, text: &str) -> Option<usize> {
        self.domain.piece_of(text)
    }

    /// Returns texts of the piece.
    pub(crate) fn spellings(&self, piece: usize) -> impl Iterator<Item = &str> {
        self.domain.spellings(piece)
    }

    /// Returns the literals that are all true if the text has the type and lies in the piece. For `None`, the text does
    /// not have the type.
    pub(crate) fn facts(&self, piece: Option<usize>) -> Vec<Literal> {
        match piece {
            None => vec![!self.typed],
            Some(piece) => self.domain.in_piece(piece).into_iter().chain([self.typed]).collect(),
        }
    }

    /// Adds that a text for which `holds` is true lies in the piece.
    pub(crate) fn assert_piece(&self, solver: &mut Solver, typed: Literal, holds: Literal, piece: Option<usize>) {
        for fact in self.facts(piece) {
            solver.assert([!holds, !typed, fact]);
        }
    }
}
