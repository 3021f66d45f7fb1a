//! The form of each kind of file, as the JSON Schemas in `schemas/` define it.
//!
//! The module takes the tree of a file, and returns a diagnostic for every violation of its schema. The same schemas
//! are published for editors, so an editor and flagctl accept the same files. The `title` of a schema is the text after
//! `expected` in a message, and its `description` is the advice.
//!
//! **Invariant:** this module does not resolve names and does not interpret values.
//! **Invariant:** a schema is compiled at most once in a process, and only if a file of its kind is validated.

mod check;
mod help;
mod location;
mod message;
mod published;

pub use crate::schema::check::{check, check_value};
pub use crate::schema::published::text;
