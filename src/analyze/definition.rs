//! A flag together with the bundle that it belongs to, which is the input of most questions.

use crate::bundle::{Bundle, Flag, FlagId};

/// A flag and its bundle.
#[derive(Debug, Clone, Copy)]
pub struct Definition<'b> {
    pub(super) bundle: &'b Bundle,
    pub(super) id: FlagId,
}

impl<'b> Definition<'b> {
    /// Returns the flag with this key, or `None` if the bundle has no such flag.
    pub fn find(bundle: &'b Bundle, key: &str) -> Option<Self> {
        bundle.flags.find(key).map(|id| Self { bundle, id })
    }

    /// Returns the bundle.
    pub fn bundle(self) -> &'b Bundle {
        self.bundle
    }

    /// Returns the flag.
    pub fn flag(self) -> &'b Flag {
        self.bundle.flag_at(self.id)
    }
}
