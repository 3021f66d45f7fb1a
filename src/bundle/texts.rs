//! Texts that are looked for: members of a set, names of attributes, keys of flags.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;
use hashbrown::HashTable;

/// Distinct texts in a fixed order, laid out so that finding one touches few cache lines.
#[derive(Debug, Clone)]
pub(super) struct Texts {
    /// One after another.
    joined: Box<str>,
    /// Of each, where it ends.
    ends: Box<[usize]>,
    /// Empty where there are so few that they are compared one after another.
    index: HashTable<Slot>,
}

/// Of one text, as much as a UUID has: most are compared right here.
#[derive(Debug, Clone)]
struct Slot {
    place: u32,
    /// In bytes; of a very long one, [`u32::MAX`].
    length: u32,
    start: [u8; 36],
}

impl Texts {
    const FEW: usize = 4;

    /// The place of that text.
    pub(super) fn find(&self, text: &str) -> Option<usize> {
        if self.index.is_empty() {
            return self.iter().position(|one| one == text);
        }
        let length = length(text);
        let same = |slot: &Slot| {
            slot.length == length
                && match slot.start.get(..text.len()) {
                    Some(start) => start == text.as_bytes(),
                    None => self.get(slot.place as usize) == Some(text),
                }
        };
        self.index.find(hash(text), same).map(|slot| slot.place as usize)
    }

    fn get(&self, place: usize) -> Option<&str> {
        let start = place.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        self.joined.get(start..*self.ends.get(place)?)
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|place| self.get(place))
    }
}

impl<'t> FromIterator<&'t str> for Texts {
    fn from_iter<I: IntoIterator<Item = &'t str>>(texts: I) -> Self {
        let (mut joined, mut ends) = (String::new(), Vec::new());
        for text in texts {
            joined.push_str(text);
            ends.push(joined.len());
        }
        let mut texts = Self { joined: joined.into(), ends: ends.into(), index: HashTable::new() };
        if texts.len() <= Self::FEW {
            return texts;
        }
        let mut index = HashTable::with_capacity(texts.len());
        for (place, text) in (0u32..).zip(texts.iter()) {
            let mut slot = Slot { place, length: length(text), start: [0; 36] };
            slot.start.iter_mut().zip(text.bytes()).for_each(|(to, byte)| *to = byte);
            index.insert_unique(hash(text), slot, |slot| hash(texts.get(slot.place as usize).unwrap_or_default()));
        }
        texts.index = index;
        texts
    }
}

fn length(text: &str) -> u32 {
    u32::try_from(text.len()).unwrap_or(u32::MAX)
}

/// The same on every machine.
fn hash(text: &str) -> u64 {
    const SEED: FixedState = FixedState::with_seed(0);
    let mut hasher = SEED.build_hasher();
    // Nothing follows that it would have to be told from.
    hasher.write(text.as_bytes());
    hasher.finish()
}
