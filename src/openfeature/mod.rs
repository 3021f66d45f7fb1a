//! Formats of OpenFeature's own tools.
//!
//! Takes flags of a [`Bundle`](crate::bundle::Bundle) and their descriptions; gives the manifest from which
//! OpenFeature's command line generates typed accessors. flagd's format is a module of its own,
//! [`flagd`](crate::flagd), because it carries targeting and this one does not.

mod manifest;

pub use crate::openfeature::manifest::{DescribedFlag, manifest};
