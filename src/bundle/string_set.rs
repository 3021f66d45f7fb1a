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
    index: Index,
}

/// How one of the texts is found.
#[derive(Debug, Clone)]
enum Index {
    /// There are few, and all are short: their [`Word`]s are compared one after another.
    Words(Box<[Word]>),
    Table(HashTable<Slot>),
}

/// A text of at most fifteen bytes, and its length.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Word {
    low: u64,
    high: u64,
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
    const FEW: usize = 8;

    /// The place of that text.
    #[inline]
    pub(super) fn find(&self, text: &str) -> Option<usize> {
        match &self.index {
            Index::Words(words) => {
                let wanted = Word::of(text)?;
                words.iter().position(|word| *word == wanted)
            }
            Index::Table(table) => self.look_up(table, text),
        }
    }

    fn look_up(&self, table: &HashTable<Slot>, text: &str) -> Option<usize> {
        let length = length(text);
        let same = |slot: &Slot| {
            slot.length == length
                && match slot.start.get(..text.len()) {
                    Some(start) => start == text.as_bytes(),
                    None => self.get(slot.place as usize) == Some(text),
                }
        };
        table.find(hash(text), same).map(|slot| slot.place as usize)
    }

    fn get(&self, place: usize) -> Option<&str> {
        let start = place.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        self.joined.get(start..*self.ends.get(place)?)
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    fn table(&self) -> HashTable<Slot> {
        let mut table = HashTable::with_capacity(self.len());
        for (place, text) in (0u32..).zip(self.iter()) {
            let mut slot = Slot { place, length: length(text), start: [0; 36] };
            slot.start.iter_mut().zip(text.bytes()).for_each(|(to, byte)| *to = byte);
            table.insert_unique(hash(text), slot, |slot| hash(self.get(slot.place as usize).unwrap_or_default()));
        }
        table
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
        let mut texts = Self { joined: joined.into(), ends: ends.into(), index: Index::Words(Box::default()) };
        let words = (texts.len() <= Self::FEW).then(|| texts.iter().map(Word::of).collect()).flatten();
        texts.index = words.map_or_else(|| Index::Table(texts.table()), Index::Words);
        texts
    }
}

fn length(text: &str) -> u32 {
    u32::try_from(text.len()).unwrap_or(u32::MAX)
}

impl Word {
    /// None of a longer text. Where two parts of a text overlap, they say the same.
    #[inline]
    fn of(text: &str) -> Option<Self> {
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
}

/// The same on every machine.
fn hash(text: &str) -> u64 {
    const SEED: FixedState = FixedState::with_seed(0);
    let mut hasher = SEED.build_hasher();
    // Nothing follows that it would have to be told from.
    hasher.write(text.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::Texts;

    /// Differ in a first, a middle or a last byte, or in length alone.
    fn alike() -> Vec<String> {
        let lengths = (0..20).chain([35, 36, 37, 64]);
        let of = |length: usize| {
            let at = |place: usize| {
                let mut text = "a".repeat(length);
                text.replace_range(place..=place, "b");
                text
            };
            let places = [0, length / 2, length.saturating_sub(1)].into_iter().filter(move |place| *place < length);
            std::iter::once("a".repeat(length)).chain(places.map(at).collect::<Vec<_>>())
        };
        let mut texts: Vec<String> = lengths.flat_map(of).chain(["\0".to_owned(), "\0\0".to_owned()]).collect();
        texts.sort();
        texts.dedup();
        texts
    }

    #[test]
    fn each_is_found_where_it_is_and_nowhere_else() {
        let texts = alike();
        for few in [1, 2, Texts::FEW, Texts::FEW + 1, texts.len()] {
            for members in texts.chunks(few) {
                let found: Texts = members.iter().map(String::as_str).collect();
                for text in &texts {
                    assert_eq!(found.find(text), members.iter().position(|one| one == text), "{text:?} of {members:?}");
                }
            }
        }
    }
}
