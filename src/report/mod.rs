//! Results as text, one format a file.
//!
//! Takes the result of a command: findings, decisions, differences, publications; gives the text that the command
//! writes. A folder is a kind of result, and in it `human.rs`, `json.rs`, `markdown.rs`, `sarif.rs`, `junit.rs`,
//! `github.rs` and `gitlab.rs` are its formats. Three files serve all of them: `escape` makes text from definitions,
//! git and the network safe for one output language, `text` writes tables, counts and positions, and `json_layout`
//! writes JSON that people read.
//!
//! **Invariant:** formats for programs are structures of their own (`…Json`), so a change of an internal type changes
//! no output.
//! **Invariant:** every format is complete without colour.

pub mod actions;
pub mod decision;
pub mod diff;
pub mod escape;
pub mod findings;
pub mod flags;
pub mod history;
pub mod json_layout;
mod junit;
pub mod merge;
pub mod publication;
pub mod tests;
pub mod text;

pub use crate::report::text::Colour;
