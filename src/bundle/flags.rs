//! The flags of a bundle, found by key.

#[allow(clippy::disallowed_types, reason = "looked up by key, never iterated")]
use std::collections::HashMap;
use std::ops::Deref;

use foldhash::fast::FixedState;

use super::{Flag, FlagId};

/// Flags in a fixed order; otherwise as a slice.
#[derive(Debug, Clone)]
pub struct Flags {
    list: Box<[Flag]>,
    #[allow(clippy::disallowed_types, reason = "looked up by key, never iterated")]
    index: HashMap<Box<str>, FlagId, FixedState>,
}

impl Flags {
    /// Where the flag of that key stands.
    pub fn find(&self, key: &str) -> Option<FlagId> {
        self.index.get(key).copied()
    }

    /// The flag of that key, to change anything but its key.
    pub fn find_mut(&mut self, key: &str) -> Option<&mut Flag> {
        let id = self.find(key)?;
        self.list.get_mut(id.0 as usize)
    }

    /// All flags, to change anything but their keys.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Flag> {
        self.list.iter_mut()
    }
}

impl FromIterator<Flag> for Flags {
    fn from_iter<I: IntoIterator<Item = Flag>>(flags: I) -> Self {
        let list: Box<[Flag]> = flags.into_iter().collect();
        let index = (0u32..).zip(&list).map(|(at, flag)| (flag.key.clone(), FlagId(at))).collect();
        Self { list, index }
    }
}

impl Deref for Flags {
    type Target = [Flag];

    fn deref(&self) -> &[Flag] {
        &self.list
    }
}

impl<'f> IntoIterator for &'f Flags {
    type Item = &'f Flag;
    type IntoIter = std::slice::Iter<'f, Flag>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}
