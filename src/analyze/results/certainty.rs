//! The certainty that a context with the stated properties exists.

/// The certainty of a statement about contexts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// The statement is proven.
    Exact,
    /// The statement is not proven, because it depends on a pattern that is too large to analyse, or on an attribute
    /// whose type changed.
    Possible,
}
