//! What past commits say about a flag.
//!
//! **Invariant:** only the first-parent line of history is followed, because that is the order in which changes took effect.

mod flag_versions;

pub use crate::history::flag_versions::FlagVersions;
