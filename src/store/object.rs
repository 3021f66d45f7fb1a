//! Objects, their versions, and the results of conditional writes.

/// The content and the version of an object.
pub struct Object {
    /// The content.
    pub bytes: Vec<u8>,
    /// The version. Every write changes it.
    pub version: ObjectVersion,
}

/// A version of an object, in the format of its store.
#[derive(Debug, Clone, Default)]
pub struct ObjectVersion {
    pub(super) tag: Option<String>,
    #[cfg_attr(not(feature = "cloud"), allow(dead_code, reason = "folders have no generations"))]
    pub(super) generation: Option<String>,
}

/// Whether an object can be replaced after it was written. The settings for caches depend on this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutability {
    /// The object never changes, because its path identifies its content.
    Immutable,
    /// The object is replaced when another entry becomes current.
    Replaceable,
}

/// The result of a conditional write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutResult {
    /// The object was written.
    Written,
    /// The condition failed because another program has written the object, so nothing was written.
    Conflict,
}
