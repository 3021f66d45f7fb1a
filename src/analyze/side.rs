//! Which of the two bundles of a comparison something belongs to.

/// Of two bundles, or of one, which is [`Side::Before`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The first, or the only one.
    Before,
    /// The second.
    After,
}
