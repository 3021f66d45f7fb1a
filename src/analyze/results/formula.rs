//! The condition that describes a region: terms that are connected by "and" and "or".
//!
//! A condition of a definition has three truth values, and a formula has two, because each of its terms is true or not
//! true. Everything that a region contains can therefore be said, also "`country` is missing".

use crate::analyze::results::term::Term;

/// A statement about contexts that is true or false for each context.
#[derive(Debug, Clone)]
pub enum Formula {
    /// The statement of the term.
    Term(Term),
    /// All parts are true. Without parts, the formula is true for every context.
    All(Vec<Formula>),
    /// At least one part is true. Without parts, the formula is false for every context.
    Any(Vec<Formula>),
}

impl Formula {
    /// Returns whether the formula is true, if `is_true` decides its terms.
    pub fn is_true(&self, is_true: &impl Fn(&Term) -> bool) -> bool {
        match self {
            Self::Term(term) => is_true(term),
            Self::All(parts) => parts.iter().all(|part| part.is_true(is_true)),
            Self::Any(parts) => parts.iter().any(|part| part.is_true(is_true)),
        }
    }

    /// Returns the terms in their order.
    pub fn terms(&self) -> Vec<&Term> {
        match self {
            Self::Term(term) => vec![term],
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::terms).collect(),
        }
    }

    /// Returns the formula that is true for all other contexts.
    pub(crate) fn negated(self) -> Self {
        let negated = |parts: Vec<Self>| parts.into_iter().map(Self::negated).collect();
        match self {
            Self::Term(term) => Self::Term(term.negated()),
            Self::All(parts) => Self::Any(negated(parts)),
            Self::Any(parts) => Self::All(negated(parts)),
        }
    }

    /// Returns the formula that is true where all parts are true. Parts that are conjunctions themselves are joined.
    pub(crate) fn all(parts: Vec<Self>) -> Self {
        let flat = parts.into_iter().flat_map(|part| match part {
            Self::All(inner) => inner,
            Self::Term(_) | Self::Any(_) => vec![part],
        });
        single(flat.collect(), Self::All)
    }

    /// Returns the formula that is true where at least one part is true. Parts that are disjunctions themselves are
    /// joined.
    pub(crate) fn any(parts: Vec<Self>) -> Self {
        let flat = parts.into_iter().flat_map(|part| match part {
            Self::Any(inner) => inner,
            Self::Term(_) | Self::All(_) => vec![part],
        });
        single(flat.collect(), Self::Any)
    }
}

/// Returns the only part, or what `connect` makes of several parts.
fn single(mut parts: Vec<Formula>, connect: fn(Vec<Formula>) -> Formula) -> Formula {
    match (parts.pop(), parts.is_empty()) {
        (Some(only), true) => only,
        (last, _) => {
            parts.extend(last);
            connect(parts)
        }
    }
}
