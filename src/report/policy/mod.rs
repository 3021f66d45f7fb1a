//! The verdict of a policy, for people and for programs.
//!
//! `json` is the structure, with every sentence, from which all other formats are made.

mod formats;
mod human;
mod json;
mod sentence;

pub use crate::report::policy::formats::{PolicyFormat, printable};
pub use crate::report::policy::human::{lines, markdown_section};
pub use crate::report::policy::json::{PolicyChangeJson, PolicyJson, RefusalJson};
pub use crate::report::policy::sentence::refusal_sentence;
