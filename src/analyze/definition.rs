//! A flag together with the bundle that it belongs to: what most questions take.

use crate::bundle::{Bundle, Flag, FlagId};

/// A flag, and the bundle that it is one of.
#[derive(Debug, Clone, Copy)]
pub struct Definition<'b> {
    pub(super) bundle: &'b Bundle,
    pub(super) id: FlagId,
}

impl<'b> Definition<'b> {
    /// None where the bundle has no flag of that key.
    pub fn find(bundle: &'b Bundle, key: &str) -> Option<Self> {
        bundle.flags.find(key).map(|id| Self { bundle, id })
    }

    /// Where the flag stands.
    pub fn bundle(self) -> &'b Bundle {
        self.bundle
    }

    /// The flag itself.
    pub fn flag(self) -> &'b Flag {
        self.bundle.flag_at(self.id)
    }
}
