//! The flags of a bundle, with a lookup by key.

use std::iter::FilterMap;
use std::slice::Iter;
use std::sync::OnceLock;

use crate::bundle::flag::Flag;
use crate::bundle::id::FlagId;
use crate::bundle::string_set::StringSet;

/// The flags of a bundle, in ascending order of their keys.
// An entry is empty only inside a `LazyBundle`, which never exposes its `Flags`.
#[derive(Debug, Clone)]
pub struct Flags {
    entries: Box<[OnceLock<Flag>]>,
    keys: StringSet,
}

impl Flags {
    /// Creates unloaded entries for these keys, in their order.
    pub(super) fn unloaded<'k>(keys: impl Iterator<Item = &'k str>) -> Self {
        let keys: StringSet = keys.collect();
        Self { entries: (0..keys.len()).map(|_| OnceLock::new()).collect(), keys }
    }

    /// Loads the flag at an index. Does nothing if it is loaded already.
    pub(super) fn load(&self, id: FlagId, flag: Flag) {
        if let Some(entry) = self.entries.get(id.0 as usize) {
            let _ = entry.set(flag);
        }
    }

    /// Finds the index of a flag by its key.
    pub fn find(&self, key: &str) -> Option<FlagId> {
        self.keys.find(key).and_then(|index| u32::try_from(index).ok()).map(FlagId)
    }

    /// Returns the flag at an index.
    pub fn get(&self, id: FlagId) -> Option<&Flag> {
        self.entries.get(id.0 as usize).and_then(OnceLock::get)
    }

    /// Returns the number of flags.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether there are no flags.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Iterates over the flags in their order.
    pub fn iter(&self) -> <&Self as IntoIterator>::IntoIter {
        self.into_iter()
    }

    /// Iterates over the keys in their order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter()
    }

    /// Finds a flag by its key, for modification. The key must not be changed.
    ///
    /// Every index in the changed flag must be valid in its bundle.
    #[doc(hidden)]
    pub fn find_mut(&mut self, key: &str) -> Option<&mut Flag> {
        let id = self.find(key)?;
        self.entries.get_mut(id.0 as usize).and_then(OnceLock::get_mut)
    }

    /// Iterates over the flags, for modification. The keys must not be changed.
    #[cfg(feature = "cli")]
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Flag> {
        self.entries.iter_mut().filter_map(OnceLock::get_mut)
    }
}

impl FromIterator<Flag> for Flags {
    fn from_iter<I: IntoIterator<Item = Flag>>(flags: I) -> Self {
        let flags: Vec<Flag> = flags.into_iter().collect();
        let keys = flags.iter().map(|flag| flag.key.as_ref()).collect();
        Self { entries: flags.into_iter().map(OnceLock::from).collect(), keys }
    }
}

impl<'f> IntoIterator for &'f Flags {
    type Item = &'f Flag;
    type IntoIter = FilterMap<Iter<'f, OnceLock<Flag>>, fn(&'f OnceLock<Flag>) -> Option<&'f Flag>>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.iter().filter_map(OnceLock::get)
    }
}
