//! The form of each kind of file, as the JSON Schemas in `schemas/` define it.
//!
//! Takes the tree of a file; returns a diagnostic for every departure from its schema. The same schemas are published
//! for editors, so an editor and flagctl accept the same files. The `title` of a schema says what was expected, in the
//! words of messages, and its `description` is the help.
//!
//! **Invariant:** names are not resolved here, and values are not interpreted.
//! **Invariant:** a schema is compiled at most once in a process, and only if a file of its kind is validated.

mod check;
mod help;
mod location;
mod message;
mod published;

pub use crate::schema::check::{check, check_value};
pub use crate::schema::published::text;
