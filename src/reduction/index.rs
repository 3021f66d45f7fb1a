//! Finds units by their identity, of which only a hash is kept.

use std::hash::Hasher;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use siphasher::sip128::{Hasher128 as _, SipHasher13};

/// The number of each unit, by 128 bits of a hash of its identity. Two of a billion units have the same hash with a
/// probability of 10⁻²⁰.
#[derive(Default)]
pub(super) struct UnitIndex(HashMap<[u64; 2], u32, FixedState>);

impl UnitIndex {
    /// Returns the number of a unit.
    pub(super) fn find(&self, unit: &str) -> Option<u32> {
        self.0.get(&key(unit)).copied()
    }

    /// Returns the number of a unit, or gives it this number. `None` says that the unit is new.
    pub(super) fn find_or_insert(&mut self, unit: &str, number: u32) -> Option<u32> {
        match self.0.entry(key(unit)) {
            Entry::Occupied(entry) => Some(*entry.get()),
            Entry::Vacant(entry) => {
                entry.insert(number);
                None
            }
        }
    }
}

fn key(unit: &str) -> [u64; 2] {
    let mut hasher = SipHasher13::new();
    hasher.write(unit.as_bytes());
    let hash = hasher.finish128();
    [hash.h1, hash.h2]
}
