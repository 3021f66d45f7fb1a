//! Parses the text of one file to a tree of values with their positions.
//!
//! Takes a file; returns a [`Document`], and diagnostics for everything that is not the YAML that flagctl accepts: the
//! core schema of YAML 1.2, one document, no tags, no merge keys, and aliases within limits. The subset is small so
//! that every reader of YAML, and every person, reads the same values.
//!
//! **Invariant:** this is the only module that knows the YAML parser.
//! **Invariant:** parsing never fails and never panics, whatever the content is; every span is inside its file.

mod parse;
mod scalar;
mod tree;
mod value;

pub use crate::yaml::parse::parse;
pub use crate::yaml::value::{ALIAS_LIMIT, Comment, Completeness, DEPTH_LIMIT, Document, Entry, Node, Value};
