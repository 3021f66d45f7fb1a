//! Formats of OpenFeature's own tools.
//!
//! The module takes flags of a [`Bundle`](crate::bundle::Bundle) and their descriptions. It returns the manifest from
//! which OpenFeature's command line generates typed accessors. The format of flagd is in another module,
//! [`flagd`](crate::flagd), because that format contains targeting rules and a manifest does not.

mod manifest;

pub use crate::openfeature::manifest::{DescribedFlag, manifest};
