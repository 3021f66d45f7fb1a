//! The exact effect of a change to bundles on one flag, before the change is made.

use crate::analyze;
use crate::analyze::{Budget, Definition, Region};
use crate::bundle::Bundle;

/// Returns the regions of the contexts whose decision changes. The list is empty if it is proven that no decision
/// changes.
///
/// Returns `None` if the analysis exceeds its budget, or if one of the bundles does not have the flag.
pub(super) fn changed_regions(before: &Bundle, after: &Bundle, key: &str) -> Option<Vec<Region>> {
    let (before, after) = (Definition::find(before, key)?, Definition::find(after, key)?);
    analyze::changes(before, after, &Budget::default()).ok()
}
