//! Creates a smaller bundle from some flags of a bundle and everything that they depend on.

use std::collections::BTreeSet;

use crate::bundle::bundle::Bundle;
use crate::bundle::id::{FlagId, SegmentId};
use crate::bundle::visit::{Follow, Walk};

impl Bundle {
    /// Returns a bundle of these flags, and of the flags and segments that they depend on.
    ///
    /// **Invariant:** the decisions of every flag in the new bundle are the same as in this bundle.
    pub(super) fn subset(&self, flags: impl IntoIterator<Item = FlagId>) -> Self {
        let mut walk = Walk::new(self, Follow::SegmentsAndFlags);
        flags.into_iter().for_each(|id| walk.add_flag(id));
        walk.by_ref().for_each(drop);
        let segment = |id: SegmentId| SegmentId(new_index(walk.segments(), &id));
        let flag = |id: FlagId| FlagId(new_index(walk.flags(), &id));
        let mut segments: Vec<_> = walk.segments().iter().map(|id| self.segment_at(*id).clone()).collect();
        let mut flags: Vec<_> = walk.flags().iter().map(|id| self.flag_at(*id).clone()).collect();
        segments.iter_mut().for_each(|kept| kept.condition.renumber(&segment, &flag));
        flags.iter_mut().flat_map(|kept| kept.conditions_mut()).for_each(|part| part.renumber(&segment, &flag));
        Self {
            environment: self.environment.clone(),
            bucketing: self.bucketing,
            attributes: self.attributes.clone(),
            segments,
            flags: flags.into_iter().collect(),
        }
    }
}

/// Returns the new index of an item: its position among the kept items, which stay in their order.
fn new_index<T: Ord>(kept: &BTreeSet<T>, old: &T) -> u32 {
    u32::try_from(kept.range(..old).count()).unwrap_or(u32::MAX)
}
