//! Parses the text of one file to a tree of values with their positions.
//!
//! The input is a file. The output is a [`Document`], and diagnostics for everything outside the YAML subset that
//! flagctl accepts: the core schema of YAML 1.2, one document, no tags, no merge keys, and aliases within limits. The
//! subset is small, so all YAML parsers and all people read the same values.
//!
//! **Invariant:** this is the only module that uses the YAML parser.
//! **Invariant:** parsing never fails and never panics, for any content. Every span is inside its file.

mod parse;
mod scalar;
mod syntax_error;
mod tree;
mod value;

pub use crate::yaml::parse::{comments, parse};
pub use crate::yaml::value::{
    ALIAS_BYTES, ALIAS_LIMIT, ANCHOR_BYTES, Comment, Completeness, DEPTH_LIMIT, Document, Entry, Node, VALUE_LIMIT,
    Value,
};
