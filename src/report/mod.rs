//! Results as text. Each format is a file.
//!
//! The module takes the result of a command, such as findings, decisions, differences or publications. It returns the
//! text that the command writes. Each folder is a kind of result, and the files `human.rs`, `json.rs`, `markdown.rs`,
//! `sarif.rs`, `junit.rs`, `github.rs` and `gitlab.rs` in it are its formats. All formats share some files: `escape`
//! escapes text from definitions, git and the network for one output language, `lines`, `style`, `table` and `text` write
//! text for people, `json_layout` writes JSON that people read, and `printable` has the type of everything that is written.
//!
//! **Invariant:** everything that comes from outside is escaped: the program can only write a [`Printable`], and text
//! for people consists of [`Lines`].
//!
//! **Invariant:** formats for programs have separate structures (`…Json`), so a change of an internal type does not
//! change any output.
//! **Invariant:** every format is complete without colour.

pub mod actions;
mod allotment;
pub mod completions;
pub mod decision;
pub mod definitions;
pub mod diff;
pub mod doctor;
mod environment_sets;
pub mod escape;
pub(crate) mod eval_command;
pub mod experiment;
pub mod exposures;
pub mod findings;
pub mod flags;
pub mod formatting;
pub mod guard;
pub mod history;
pub mod json_layout;
mod junit;
mod lines;
pub mod merge;
#[cfg(feature = "serve")]
pub mod page;
pub mod policy;
mod printable;
pub mod publication;
pub mod scaffold;
#[cfg(feature = "serve")]
pub mod server;
pub mod shadow;
mod style;
mod table;
pub mod tests;
pub mod text;
mod unified_diff;
mod value;

pub use crate::report::environment_sets::EnvironmentSets;
pub use crate::report::lines::{Label, Lines};
pub use crate::report::printable::Printable;
pub use crate::report::style::{Role, StyledText};
pub use crate::report::table::Table;
pub use crate::report::text::{Colour, Screen};
pub use crate::report::unified_diff::{add_file_diff, add_unified_diff};
