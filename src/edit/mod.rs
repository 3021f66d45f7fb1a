//! One change to the text of a YAML file, which keeps all other bytes.
//!
//! The module takes the text, the path to a value and the change, and returns the new text. It copies all bytes outside
//! the change. This keeps comments, order, indentation, quotes and line breaks, and does not add a missing line break
//! after the last line.
//!
//! **Invariant:** every result is checked. The module parses the result, and only the requested value may differ
//! between the two trees. A layout that the rules of this module do not cover is refused.

mod change;
mod compare;
mod document;
mod items;
mod layout;
mod lines;
mod nested;
mod path;
mod refusal;
mod replacement;
mod scalar;

pub use crate::edit::change::{append, insert, remove, replace, set};
pub use crate::edit::compare::{same, same_value};
pub use crate::edit::document::{list, mapping, parse, value_at};
pub use crate::edit::items::insert_item;
pub use crate::edit::nested::{prune, put};
pub use crate::edit::path::{Step, node_at};
pub use crate::edit::refusal::Refusal;
pub use crate::edit::replacement::{apply, rewritten, without_entry};
pub use crate::edit::scalar::{Scalar, plain_or_quoted};
