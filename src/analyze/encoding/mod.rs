//! Turns flags and conditions into clauses for the SAT solver.
//!
//! `atoms` collects what the flags read. `domain` and its parts divide the values of each attribute into classes with
//! one literal each. `encoder` builds the formulas of conditions and flags from these literals.

pub(crate) mod atoms;
pub(crate) mod dfa;
pub(crate) mod domain;
pub(crate) mod embedded_type;
pub(crate) mod encoded;
pub(crate) mod encoder;
pub(crate) mod list_domain;
pub(crate) mod ordered_domain;
pub(crate) mod ordered_value;
pub(crate) mod other_type;
pub(crate) mod product_automaton;
pub(crate) mod text_domain;
pub(crate) mod text_language;
pub(crate) mod text_search;
