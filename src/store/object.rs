//! Objects, their versions, and the results of conditional reads and writes.

use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;

/// The content and the version of an object.
pub struct Object {
    /// The content.
    pub bytes: Vec<u8>,
    /// The version. Every write changes it.
    pub version: ObjectVersion,
    /// The time at which the store says that the object was written, or `None` if it does not say so.
    pub written: Option<Timestamp>,
}

/// A version of an object, in the format of its store.
#[derive(Debug, Clone, Default)]
pub struct ObjectVersion {
    /// The tag that the store sends, if it sends one.
    #[cfg_attr(not(feature = "cloud"), allow(dead_code, reason = "folders have no tags"))]
    pub(super) tag: Option<String>,
    #[cfg_attr(not(feature = "cloud"), allow(dead_code, reason = "folders have no generations"))]
    pub(super) generation: Option<String>,
    pub(super) content: ContentVersion,
}

/// A version that is computed from the content, for stores without tags.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ContentVersion {
    hash: u64,
    /// The number of bytes.
    pub(super) size: u64,
}

impl ContentVersion {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        Self { hash: hasher.finish(), size: bytes.len() as u64 }
    }
}

/// The result of a conditional read.
pub enum ConditionalRead {
    /// The object is not the known one.
    Changed(Object),
    /// The object has the content of the known version.
    Unchanged,
    /// The object does not exist.
    Missing,
}

impl ConditionalRead {
    /// Returns the result for an object that was read.
    pub(super) fn of(object: Object, known: Option<&ObjectVersion>) -> Self {
        match known {
            Some(known) if known.content == object.version.content => Self::Unchanged,
            Some(_) | None => Self::Changed(object),
        }
    }
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
