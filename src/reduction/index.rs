//! Finds units by their identity, of which only a hash is kept.

use std::hash::Hasher;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use siphasher::sip128::{Hasher128 as _, SipHasher13};

/// The number of each unit, by 128 bits of a hash of its identity. Two of a billion units have the same hash with a
/// probability of 10⁻²⁰.
#[derive(Default)]
pub(super) struct UnitIndex(HashMap<UnitKey, u32, FixedState>);

/// 128 bits of a hash of the identity of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct UnitKey([u64; 2]);

impl UnitIndex {
    /// Returns the number of a unit.
    pub(super) fn find(&self, unit: UnitKey) -> Option<u32> {
        self.0.get(&unit).copied()
    }

    /// Returns the number of a unit, or gives it this number. `None` says that the unit is new.
    pub(super) fn find_or_insert(&mut self, unit: UnitKey, number: u32) -> Option<u32> {
        match self.0.entry(unit) {
            Entry::Occupied(entry) => Some(*entry.get()),
            Entry::Vacant(entry) => {
                entry.insert(number);
                None
            }
        }
    }
}

impl UnitKey {
    /// Returns the key of a unit.
    pub(super) fn new(unit: &str) -> Self {
        let mut hasher = SipHasher13::new();
        hasher.write(unit.as_bytes());
        let hash = hasher.finish128();
        Self([hash.h1, hash.h2])
    }
}
