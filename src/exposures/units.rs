//! Remembers which variant each unit got, and which exposures were seen.
//!
//! A unit is remembered as 128 bits of a keyed hash, and an exposure as 64 bits. With ten million exposures, the chance that
//! two different ones are taken for the same is 3 in a million.

use std::hash::{Hash, Hasher};

use foldhash::fast::FixedState;
use hashbrown::hash_map::Entry;
use hashbrown::{HashMap, HashSet};
use siphasher::sip128::{Hasher128 as _, SipHasher13};

/// What is known of a unit of a flag.
#[derive(Debug, Clone, Copy)]
struct Unit {
    /// The hash of its first variant.
    variant: u32,
    has_several: bool,
}

/// Whether a unit got a variant as before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// The unit is new.
    First,
    /// The unit got the same variant before.
    Again,
    /// The unit got another variant before, for the first time.
    Other,
    /// The unit is known to have several variants.
    Several,
}

/// The units and exposures that were seen.
pub(super) struct Units {
    max: usize,
    units: HashMap<u128, Unit, FixedState>,
    exposures: HashSet<u64, FixedState>,
}

/// The maximum number of units was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

impl Units {
    /// Remembers at most this many units, and as many exposures.
    pub(super) fn new(max: usize) -> Self {
        Self { max, units: HashMap::default(), exposures: HashSet::default() }
    }

    /// Adds a variant of a unit. `group` tells apart flags, environments and definitions.
    pub(super) fn add(&mut self, group: impl Hash, unit: &str, variant: &str) -> Result<Seen, Full> {
        let key = hash(&(group, unit)).as_u128();
        let variant = u32::try_from(hash(&variant).as_u64s().0 >> 32).unwrap_or_default();
        let is_full = self.units.len() >= self.max;
        match self.units.entry(key) {
            Entry::Vacant(_) if is_full => Err(Full),
            Entry::Vacant(entry) => {
                entry.insert(Unit { variant, has_several: false });
                Ok(Seen::First)
            }
            Entry::Occupied(mut entry) => {
                let unit = entry.get_mut();
                if unit.has_several {
                    return Ok(Seen::Several);
                }
                unit.has_several = unit.variant != variant;
                Ok(if unit.has_several { Seen::Other } else { Seen::Again })
            }
        }
    }

    /// Returns whether an exposure was seen before, or `None` if too many were seen to know.
    pub(super) fn is_repeated(&mut self, exposure: impl Hash) -> Option<bool> {
        let key = hash(&exposure).as_u64s().0;
        if self.exposures.len() >= self.max {
            return self.exposures.contains(&key).then_some(true);
        }
        Some(!self.exposures.insert(key))
    }
}

/// The two halves of a hash.
struct Hash128(u64, u64);

impl Hash128 {
    fn as_u128(&self) -> u128 {
        u128::from(self.0) << 64 | u128::from(self.1)
    }

    fn as_u64s(&self) -> (u64, u64) {
        (self.0, self.1)
    }
}

fn hash(value: &impl Hash) -> Hash128 {
    let mut hasher = SipHasher13::new();
    value.hash(&mut hasher);
    let _ = hasher.finish();
    let hash = hasher.finish128();
    Hash128(hash.h1, hash.h2)
}
