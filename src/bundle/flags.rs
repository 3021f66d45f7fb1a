//! The flags of a bundle, found by key.

use std::iter::FilterMap;
use std::slice::Iter;
use std::sync::OnceLock;

use crate::bundle::string_set::Texts;
use crate::bundle::{Flag, FlagId};

/// Flags in a fixed order. Of a [`LazyBundle`](super::LazyBundle)'s, only those that were read are seen.
#[derive(Debug, Clone)]
pub struct Flags {
    list: Box<[OnceLock<Flag>]>,
    keys: Texts,
}

impl Flags {
    /// Of these keys, in their order, and none of them read.
    pub(super) fn unread<'k>(keys: impl Iterator<Item = &'k str>) -> Self {
        let keys: Texts = keys.collect();
        Self { list: (0..keys.len()).map(|_| OnceLock::new()).collect(), keys }
    }

    /// Puts a flag where its key stands; it stays as it is if it is there already.
    pub(super) fn put(&self, id: FlagId, flag: Flag) {
        if let Some(place) = self.list.get(id.0 as usize) {
            let _ = place.set(flag);
        }
    }

    /// Where the flag of that key stands.
    pub fn find(&self, key: &str) -> Option<FlagId> {
        self.keys.find(key).and_then(|place| u32::try_from(place).ok()).map(FlagId)
    }

    /// The flag at that place.
    pub fn get(&self, id: FlagId) -> Option<&Flag> {
        self.list.get(id.0 as usize).and_then(OnceLock::get)
    }

    /// How many there are, read or not.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All flags, in their order.
    pub fn iter(&self) -> <&Self as IntoIterator>::IntoIter {
        self.into_iter()
    }

    /// The keys of all flags, read or not, in their order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter()
    }

    /// The flag of that key, to change anything but its key.
    pub fn find_mut(&mut self, key: &str) -> Option<&mut Flag> {
        let id = self.find(key)?;
        self.list.get_mut(id.0 as usize).and_then(OnceLock::get_mut)
    }

    /// All flags, to change anything but their keys.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Flag> {
        self.list.iter_mut().filter_map(OnceLock::get_mut)
    }
}

impl FromIterator<Flag> for Flags {
    fn from_iter<I: IntoIterator<Item = Flag>>(flags: I) -> Self {
        let list: Vec<Flag> = flags.into_iter().collect();
        let keys = list.iter().map(|flag| flag.key.as_ref()).collect();
        Self { list: list.into_iter().map(OnceLock::from).collect(), keys }
    }
}

impl<'f> IntoIterator for &'f Flags {
    type Item = &'f Flag;
    type IntoIter = FilterMap<Iter<'f, OnceLock<Flag>>, fn(&'f OnceLock<Flag>) -> Option<&'f Flag>>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter().filter_map(OnceLock::get)
    }
}
