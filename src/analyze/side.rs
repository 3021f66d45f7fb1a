//! Identifies one of the two bundles of a comparison.

/// One of the two bundles of a comparison. If there is only one bundle, it is [`Side::Before`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The first or only bundle.
    Before,
    /// The second bundle.
    After,
}
