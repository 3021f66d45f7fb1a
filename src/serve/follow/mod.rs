//! Followers: where the bundles of a server come from, and when there is a new one.
//!
//! Each file has the follower of one kind of source: a target, a file with a bundle, the working tree, or a branch. A
//! follower does not know the server.

mod branch;
mod bundle_file;
mod definitions;
mod named;
mod target;
mod working_tree;

pub use crate::serve::follow::branch::{Branch, Fetch};
pub use crate::serve::follow::bundle_file::BundleFile;
pub use crate::serve::follow::named::Named;
pub use crate::serve::follow::target::{PublishedTarget, TargetChecks};
pub use crate::serve::follow::working_tree::WorkingTree;
