//! What is live: the definitions and kills from which a published bundle was compiled.
//!
//! The module takes a manifest and the flag repository, and compiles the bundle of the manifest again. A manifest names
//! the commit of the definitions, and the commits whose kills the bundle has. The definitions of the first commit get
//! the kill files of all of them, and are compiled as any other commit, so a bundle is never changed after it was
//! compiled.
//!
//! `kills` reads the kills of commits, `definitions` compiles definitions with kills, and `status` compares what is live
//! with what is merged.
//!
//! **Invariant:** the bundle depends only on the commits that the manifest names.

mod definitions;
mod error;
mod kills;
mod status;

pub use crate::live::definitions::Live;
pub use crate::live::error::LiveError;
pub use crate::live::kills::{KillFile, KillFiles, add_kill, stopped_more};
pub use crate::live::status::{LiveRelation, LiveStatus};
