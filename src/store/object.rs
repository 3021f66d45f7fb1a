//! Objects, and the conditions under which they are written.

/// An object as it was read.
pub struct Object {
    /// The content.
    pub bytes: Vec<u8>,
    /// The version, which differs after every write.
    pub version: ObjectVersion,
}

/// A version of an object, in the terms of its store.
#[derive(Debug, Clone, Default)]
pub struct ObjectVersion {
    pub(super) tag: Option<String>,
    #[cfg_attr(not(feature = "cloud"), allow(dead_code, reason = "folders have no generations"))]
    pub(super) generation: Option<String>,
}

/// Whether an object can be replaced after it was written. Caches and file permissions depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutability {
    /// Its path is made from its content, so it never changes.
    Immutable,
    /// It is replaced when something else becomes current.
    Replaceable,
}

/// The result of a write with a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutResult {
    /// The object was written.
    Written,
    /// The condition was not met, because another program has written the object. Nothing was written.
    Conflict,
}
