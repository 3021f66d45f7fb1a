//! Compares all flags of two bundles after definitions got other names.
//!
//! A segment may have any name, because its condition is compared. A flag is compared with the flag that has its new key, and
//! an attribute counts as the same if it has its new name.
//!
//! **Invariant:** flags that are not reported decide equally, for contexts in which the attributes have their new names.

use std::collections::{BTreeMap, BTreeSet};

use crate::bundle::Bundle;
use crate::diff::equality::Comparison;

/// The definitions that have another name after a change, each with its new name.
#[derive(Debug, Clone, Default)]
pub struct NewNames {
    /// The keys of flags.
    pub flags: BTreeMap<String, String>,
    /// The names of attributes.
    pub attributes: BTreeMap<String, String>,
}

impl NewNames {
    /// Returns the key that a flag has after the change.
    pub fn flag<'n>(&'n self, key: &'n str) -> &'n str {
        self.flags.get(key).map_or(key, String::as_str)
    }
}

/// Returns the keys of the flags that are not proven to decide equally before and after the change, and of those that only
/// one of the bundles has. A key is that before the change, if the flag existed.
pub fn unequal_flags(bundles: [&Bundle; 2], names: &NewNames) -> Vec<String> {
    let [before, after] = bundles;
    let attributes = names.attributes.iter().map(|(old, new)| (old.as_str(), new.as_str())).collect();
    let mut comparison = Comparison::with_new_attributes(bundles, attributes);
    let mut is_equal = |key: &str| match (before.flags.find(key), after.flags.find(names.flag(key))) {
        (Some(old), Some(new)) => comparison.flags(old, new),
        _ => false,
    };
    let mut unequal: BTreeSet<&str> = before.flags.keys().filter(|key| !is_equal(key)).collect();
    let expected: BTreeSet<&str> = before.flags.keys().map(|key| names.flag(key)).collect();
    unequal.extend(after.flags.keys().filter(|key| !expected.contains(key)));
    unequal.into_iter().map(str::to_owned).collect()
}
