//! Whether a variant was possible.

/// Whether a variant was possible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Possibility {
    /// A context with these attributes gets the variant.
    Possible,
    /// No context with these attributes gets the variant. The variant that all of them get, if it is known.
    Impossible(Option<String>),
    /// The question is too large, or too many questions were asked.
    Unknown,
}
