//! How certain it is that a context with the stated properties exists.

/// How certain a statement about contexts is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Proven.
    Exact,
    /// Not proven: it depends on a pattern that is too large to analyse, or on an attribute whose type changed.
    Possible,
}
