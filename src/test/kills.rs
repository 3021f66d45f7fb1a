//! The bundles in which the tests of each file are decided: in a file with `kills`, these flags are killed.
//!
//! The input is the bundles of the environments and the test files. Files with the same `kills` share copies of the
//! bundles in which these flags are killed. All other files use the bundles themselves.

use std::collections::BTreeMap;

use crate::bundle::Bundle;
use crate::model::Suite;

/// The maximum number of flags in all copies of bundles.
const MAX_COPIED_FLAGS: usize = 500_000;

/// The bundles for all test files.
#[derive(Debug)]
pub struct TestBundles<'b> {
    /// The bundles of the environments, in the order of promotion.
    pub(super) unpinned: &'b [Bundle],
    /// Copies of the bundles, by the keys of the flags that are killed in them.
    pinned: BTreeMap<Vec<&'b str>, Vec<Bundle>>,
}

impl<'b> TestBundles<'b> {
    /// Returns the bundles in which the tests can be run.
    pub fn new(bundles: &'b [Bundle], suites: &'b [Suite]) -> Self {
        let mut pinned = BTreeMap::new();
        for suite in suites {
            let keys = suite.killed_flags();
            if keys.is_empty() || pinned.contains_key(&keys) || !is_within_limit(bundles, pinned.len() + 1) {
                continue;
            }
            let mut copies = bundles.to_vec();
            for bundle in &mut copies {
                keys.iter().for_each(|key| bundle.assume_killed(key));
            }
            pinned.insert(keys, copies);
        }
        Self { unpinned: bundles, pinned }
    }

    /// Returns bundles that suffice to plan the tests, which does not depend on kills. Nothing is copied.
    pub fn for_planning(bundles: &'b [Bundle]) -> Self {
        Self { unpinned: bundles, pinned: BTreeMap::new() }
    }

    /// Returns the bundles for a test file.
    pub(super) fn of(&self, suite: &'b Suite) -> &[Bundle] {
        self.pinned.get(&suite.killed_flags()).map_or(self.unpinned, Vec::as_slice)
    }

    /// Iterates over all bundles.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Bundle> {
        self.unpinned.iter().chain(self.pinned.values().flatten())
    }
}

/// Returns whether so many copies of all bundles may be made.
pub(super) fn is_within_limit(bundles: &[Bundle], copies: usize) -> bool {
    let flags: usize = bundles.iter().map(|bundle| bundle.flags.len()).sum();
    flags.saturating_mul(copies) <= MAX_COPIED_FLAGS
}
