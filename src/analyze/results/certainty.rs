//! How certain it is that a context with the stated properties exists.

/// How sure it is that something is as said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Proven.
    Exact,
    /// It may be so: it takes a pattern that is too large to decide, or an attribute whose type changed.
    Possible,
}
