//! Segments, layers, attributes and environments, with the definitions that use them. Flags are in
//! [`flags`](crate::report::flags).

mod build;
pub mod human;
mod json;
mod uses;

pub use crate::report::definitions::build::{attribute, environment, layer, segment};
pub use crate::report::definitions::json::{
    AttributeJson, AttributesJson, EnvironmentJson, EnvironmentsJson, LayerJson, LayersJson, SegmentJson, SegmentsJson,
    SlotJson, UsersJson,
};
pub use crate::report::definitions::uses::Uses;
