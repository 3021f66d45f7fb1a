//! One change to the text of a YAML file, with everything else left byte for byte.
//!
//! Takes the text, the path to a value and the change; returns the new text. Bytes outside the change are copied:
//! comments, order, indentation, quotes, line breaks, a missing line break after the last line.
//!
//! **Invariant:** every result is proven. It is parsed again, and the two trees differ in exactly the value that was to
//! change. A layout that the few rules here do not cover is refused, never guessed.

mod change;
mod compare;
mod document;
mod lines;
mod path;
mod refusal;
mod scalar;

pub use crate::edit::change::{insert, remove, set};
pub use crate::edit::compare::same;
pub use crate::edit::path::Step;
pub use crate::edit::refusal::Refusal;
pub use crate::edit::scalar::Scalar;
