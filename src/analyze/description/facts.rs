//! The input of a description.

use std::collections::BTreeSet;

use crate::analyze::search::bucket_partition::Query;

/// The facts of a region.
pub(crate) struct Facts<'f, 'b> {
    pub(crate) queries: &'f [Query<'b>],
    /// For each query, whether its literal is true in the region.
    pub(crate) signs: &'f [bool],
    /// The classes of named units, by the indices of the domain and of the class.
    pub(crate) classes: &'f BTreeSet<(usize, usize)>,
    pub(crate) units: UnitFacts,
}

/// What a description says about the units of a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnitFacts {
    /// Shares or names of units already say which units the contexts have.
    Known,
    /// The description says it.
    Described,
}
