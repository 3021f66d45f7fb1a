//! Sets of strings with a fast lookup: members of a set, names of attributes, keys of flags.
//!
//! The input is strings in a fixed order. The lookup returns the index of a string. Up to [`StringSet::FEW`] short
//! strings are compared one after another, as two integers each. Up to [`StringSet::SOME`] short strings, such as the
//! names of attributes, have a perfect hash function: each has a slot of its own, so a lookup compares one string.
//! Otherwise a hash table holds the first 36 bytes of each string (the length of a UUID) beside its index, so a lookup
//! usually reads one cache line instead of two.
//!
//! The perfect hash function costs its search and up to 512 bytes for each set. In the comparison with other engines, a
//! tenth of the time is saved where ten attributes are read from JSON, and where a rule has a list of ten countries.
//!
//! The cost of the packed entries is 36 bytes of memory per string, and this file: `hashbrown::HashSet<Box<str>>` would
//! have the same function. The benefit is speed: in the bench `segment` (a set of 10,000 UUIDs), the speed relative to
//! unleash-yggdrasil rose from a factor of 1.57 to 1.8.
//!
//! **Invariant:** the index of a string is its position in the input, which has no duplicates.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;
use hashbrown::HashTable;

/// Distinct strings in a fixed order, with a fast lookup.
#[derive(Debug, Clone)]
pub(super) struct StringSet {
    /// All strings, concatenated in their order.
    text: Box<str>,
    /// The offset in `text` at which each string ends, in bytes.
    ends: Box<[usize]>,
    lookup: Lookup,
}

/// The lookup structure, which depends on the number and the length of the strings.
#[derive(Debug, Clone)]
enum Lookup {
    /// Compares a few short strings in their order.
    Linear(Box<[ShortString]>),
    Slots(Slots),
    Table(HashTable<Entry>),
}

/// Some short strings, and the slots that a perfect hash function finds.
#[derive(Debug, Clone)]
struct Slots {
    strings: Box<[ShortString]>,
    /// The factor of the hash function, which is chosen so that no two strings have the same slot.
    factor: u64,
    /// The number of bits by which a product is shifted to become the index of a slot.
    shift: u32,
    /// The index of the string in each slot. An empty slot has the index of any string.
    slots: Box<[u8]>,
}

/// A string of at most 15 bytes and its length, as two integers.
#[derive(Debug, Clone, Copy, PartialEq)]
struct ShortString {
    low: u64,
    high: u64,
}

/// A string in the hash table.
#[derive(Debug, Clone)]
struct Entry {
    index: u32,
    /// The length in bytes, at most [`u32::MAX`].
    length: u32,
    /// The first bytes of the string, filled up with zeros.
    start: [u8; 36],
}

impl StringSet {
    /// The maximum number of strings that are compared one after another.
    const FEW: usize = 8;
    /// The maximum number of strings that have a perfect hash function.
    const SOME: usize = 32;

    /// Finds the index of a string.
    #[inline]
    pub(super) fn find(&self, text: &str) -> Option<usize> {
        match &self.lookup {
            Lookup::Linear(strings) => {
                let wanted = ShortString::new(text)?;
                strings.iter().position(|string| *string == wanted)
            }
            Lookup::Slots(slots) => slots.find(ShortString::new(text)?),
            Lookup::Table(table) => self.find_in_table(table, text),
        }
    }

    fn find_in_table(&self, table: &HashTable<Entry>, text: &str) -> Option<usize> {
        let length = length(text);
        let is_equal = |entry: &Entry| {
            entry.length == length
                && match entry.start.get(..text.len()) {
                    Some(start) => start == text.as_bytes(),
                    None => self.get(entry.index as usize) == Some(text),
                }
        };
        table.find(hash(text), is_equal).map(|entry| entry.index as usize)
    }

    fn get(&self, index: usize) -> Option<&str> {
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        self.text.get(start..*self.ends.get(index)?)
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    fn table(&self) -> HashTable<Entry> {
        let mut table = HashTable::with_capacity(self.len());
        for (index, text) in (0u32..).zip(self.iter()) {
            let mut entry = Entry { index, length: length(text), start: [0; 36] };
            entry.start.iter_mut().zip(text.bytes()).for_each(|(to, byte)| *to = byte);
            table.insert_unique(hash(text), entry, |entry| hash(self.get(entry.index as usize).unwrap_or_default()));
        }
        table
    }

    /// Iterates over the strings in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}

impl<'t> FromIterator<&'t str> for StringSet {
    fn from_iter<I: IntoIterator<Item = &'t str>>(strings: I) -> Self {
        let (mut text, mut ends) = (String::new(), Vec::new());
        for string in strings {
            text.push_str(string);
            ends.push(text.len());
        }
        let mut set = Self { text: text.into(), ends: ends.into(), lookup: Lookup::Table(HashTable::new()) };
        let short: Option<Box<[ShortString]>> =
            (set.len() <= Self::SOME).then(|| set.iter().map(ShortString::new).collect()).flatten();
        let found = match short {
            Some(strings) if strings.len() <= Self::FEW => Some(Lookup::Linear(strings)),
            Some(strings) => Slots::new(strings).map(Lookup::Slots),
            None => None,
        };
        set.lookup = found.unwrap_or_else(|| Lookup::Table(set.table()));
        set
    }
}

impl Slots {
    /// The number of factors that are tried. Nearly all sets need less than 20.
    const TRIES: u64 = 100;

    /// Finds a factor. Returns `None` for the few sets for which none of the first factors is suitable.
    fn new(strings: Box<[ShortString]>) -> Option<Self> {
        // With this number of slots, about every third factor gives each string a slot of its own.
        let bits = (strings.len() * strings.len()).next_power_of_two().ilog2().clamp(2, 10) - 1;
        let shift = u64::BITS - bits;
        let mut is_taken = vec![false; 1 << bits];
        let factor = (0..Self::TRIES).find_map(|number| {
            let factor = (2 * number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            is_taken.fill(false);
            let mut takes = |string: &ShortString| {
                is_taken.get_mut(string.slot(factor, shift)).is_some_and(|slot| !std::mem::replace(slot, true))
            };
            strings.iter().all(&mut takes).then_some(factor)
        })?;
        let mut slots: Box<[u8]> = vec![0; is_taken.len()].into();
        for (index, string) in (0u8..).zip(&strings) {
            *slots.get_mut(string.slot(factor, shift))? = index;
        }
        Some(Self { strings, factor, shift, slots })
    }

    #[inline]
    fn find(&self, wanted: ShortString) -> Option<usize> {
        let index = usize::from(*self.slots.get(wanted.slot(self.factor, self.shift))?);
        (self.strings.get(index) == Some(&wanted)).then_some(index)
    }
}

fn length(text: &str) -> u32 {
    u32::try_from(text.len()).unwrap_or(u32::MAX)
}

impl ShortString {
    /// Returns `None` above 15 bytes. The two chunks that are read may overlap. This is harmless, because strings of
    /// the same length overlap in the same bytes.
    #[inline]
    fn new(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let half = |half: &[u8; 4]| u64::from(u32::from_le_bytes(*half));
        let (low, high) = match (bytes.first_chunk(), bytes.last_chunk()) {
            (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last) >> 8),
            _ => match (bytes.first_chunk(), bytes.last_chunk()) {
                (Some(first), Some(last)) => (half(first), half(last)),
                _ => (bytes.iter().fold(0, |low, byte| low << 8 | u64::from(*byte)), 0),
            },
        };
        let length = u64::try_from(bytes.len()).ok().filter(|length| *length < 16)?;
        Some(Self { low, high: length << 56 | high })
    }

    /// Returns the index of a slot: the highest bits of a product.
    #[inline]
    fn slot(self, factor: u64, shift: u32) -> usize {
        let mixed = (self.low ^ self.high.rotate_left(32)).wrapping_mul(factor);
        usize::try_from(mixed >> shift).unwrap_or(usize::MAX)
    }
}

/// Returns the same hash on every machine.
fn hash(text: &str) -> u64 {
    const SEED: FixedState = FixedState::with_seed(0);
    let mut hasher = SEED.build_hasher();
    // Unlike `str::hash`, no terminator is written: the string is the only input.
    hasher.write(text.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::StringSet;

    /// Strings that differ in a first, a middle or a last byte, or only in their length.
    fn similar_strings() -> Vec<String> {
        let lengths = (0..20).chain([35, 36, 37, 64]);
        let of_length = |length: usize| {
            let changed = |index: usize| {
                let mut text = "a".repeat(length);
                text.replace_range(index..=index, "b");
                text
            };
            let indices = [0, length / 2, length.saturating_sub(1)].into_iter().filter(move |index| *index < length);
            std::iter::once("a".repeat(length)).chain(indices.map(changed).collect::<Vec<_>>())
        };
        let mut strings: Vec<String> =
            lengths.flat_map(of_length).chain(["\0".to_owned(), "\0\0".to_owned()]).collect();
        strings.sort();
        strings.dedup();
        strings
    }

    #[test]
    fn every_string_is_found_at_its_index_and_no_other_string_is_found() {
        let strings = similar_strings();
        let sizes = [1, 2, StringSet::FEW, StringSet::FEW + 1, StringSet::SOME, StringSet::SOME + 1, strings.len()];
        for size in sizes {
            for members in strings.chunks(size) {
                let set: StringSet = members.iter().map(String::as_str).collect();
                for string in &strings {
                    let expected = members.iter().position(|member| member == string);
                    assert_eq!(set.find(string), expected, "{string:?} of {members:?}");
                }
            }
        }
    }
}
