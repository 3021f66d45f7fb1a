//! Merges: what the merge of two revisions means that neither of them does.

pub mod human;
mod json;
pub mod markdown;

pub use crate::report::merge::json::MergeJson;
