//! Merges: the flags that decide differently in a merge of two revisions than in both revisions.

pub mod html;
pub mod human;
mod json;
pub mod markdown;

pub use crate::report::merge::json::MergeJson;
