//! The form of each kind of file, as the JSON Schemas in `schemas/` define it, and the schemas that users write for the
//! values of variants.
//!
//! The module takes the tree of a file, and returns a diagnostic for every violation of its schema. The same schemas
//! are published for editors, so an editor and flagctl accept the same files. The `title` of a schema is the text after
//! `expected` in a message, and its `description` is the advice.
//!
//! **Invariant:** this module does not resolve names and does not interpret values.
//! **Invariant:** a schema is compiled at most once in a process, and only if a file of its kind is validated.

mod check;
mod evaluation_work;
mod help;
mod location;
mod message;
mod project;
mod published;
mod repeated;
mod synonyms;
mod value_schema;
mod value_schema_error;

pub use crate::schema::check::check;
pub use crate::schema::project::{NAMES, Name, NameKind, Names, specialized};
pub use crate::schema::published::{json, text};
pub use crate::schema::value_schema::{ValueSchema, Violation};
pub use crate::schema::value_schema_error::ValueSchemaError;
