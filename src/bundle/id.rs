//! Typed indices of a bundle. [`AttributeId`](super::AttributeId) is in the module of the attributes.
//!
//! A reference is an index, so a decision does not search for a key. An index is valid only in the bundle that it comes
//! from. The index of a variant is valid only in its flag.

use serde::{Deserialize, Serialize};

/// The index of a flag in [`Bundle::flags`](super::Bundle::flags).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FlagId(pub u32);

/// The index of a segment in [`Bundle::segments`](super::Bundle::segments).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SegmentId(pub u32);

/// The index of a variant in [`Flag::variants`](super::Flag::variants).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VariantId(pub u16);
