//! The slot of a layer that a rule takes.
//!
//! A layer divides the units of one salt into ranges of buckets, so that two experiments never have a unit in common. A
//! bundle has no layers of its own: each rule carries its range and the layer's hash function, so a decision looks
//! nothing up.

use std::fmt;

use crate::bundle::bucket::{Bucket, Bucketer, Bucketing, HashDomain};
use crate::bundle::percent_range::PercentRange;

/// The part of a layer's units for which a rule decides. The next rule is tried for the other units.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Slot {
    /// The name of the layer, from the name of the layer's file.
    pub layer: Box<str>,
    /// The name of the slot in the layer.
    pub name: Box<str>,
    /// The units of the slot.
    pub range: PercentRange,
    /// Turns units into buckets, with the layer's salt.
    pub bucketer: Bucketer,
}

impl Slot {
    /// Creates a slot, and prepares the hash function of its layer.
    pub(crate) fn new(layer: &str, name: &str, range: PercentRange, bucketing: Bucketing, salt: &str) -> Self {
        Self { layer: layer.into(), name: name.into(), range, bucketer: Bucketer::new(bucketing, salt) }
    }

    /// Returns the bucket of a unit in the layer.
    pub fn bucket(&self, unit: &str) -> Bucket {
        self.bucketer.bucket(HashDomain::Layer, unit)
    }

    /// Returns whether a bucket of the layer is in the slot.
    pub fn contains(&self, bucket: Bucket) -> bool {
        self.range.buckets().contains(&bucket)
    }

    /// Returns whether both slots have the same units: one hash function, and one range.
    #[must_use]
    pub fn has_same_units(&self, other: &Self) -> bool {
        self.range == other.range && self.has_same_salt(other)
    }

    /// Returns whether both slots divide the units of one salt.
    #[must_use]
    pub fn has_same_salt(&self, other: &Self) -> bool {
        self.bucketer.salt() == other.bucketer.salt()
    }
}

impl fmt::Display for Slot {
    /// Writes the layer, the slot and its range: `checkout/new-cart 0%..20%`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} {}", self.layer, self.name, self.range)
    }
}
