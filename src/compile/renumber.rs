//! Maps indices of segments and flags from the compiler's lists to the bundle's lists.

use crate::bundle;
use crate::bundle::{FlagId, SegmentId};

/// Maps indices among the drafts to indices in the bundle.
pub(super) struct Renumber<'n> {
    pub(super) segments: &'n [u32],
    pub(super) flags: &'n [u32],
}

impl Renumber<'_> {
    pub(super) fn condition(&self, condition: &mut bundle::Condition) {
        let mapped = |indices: &[u32], index: u32| indices.get(index as usize).copied().unwrap_or(index);
        let segment = |id: SegmentId| SegmentId(mapped(self.segments, id.0));
        let flag = |id: FlagId| FlagId(mapped(self.flags, id.0));
        condition.renumber(&segment, &flag);
    }
}
