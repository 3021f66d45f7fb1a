//! One file's text as a tree of values with their places.
//!
//! Takes a file; gives a [`Document`], and diagnostics for what cannot be read as the YAML that flagctl
//! accepts: version 1.2's core schema, one document, no tags, aliases within bounds.
//!
//! **Invariant:** the only module that knows the YAML parser.
//! **Invariant:** never fails on content and never panics; every span lies in its file.

mod parse;
mod scalar;

pub use crate::yaml::parse::parse;

use serde_json::{Map, Number, Value as Json};

use crate::snapshot::Span;

/// How deep collections may nest, aliases included.
pub const DEPTH_LIMIT: usize = 64;
/// How many values the aliases of a file may add.
pub const ALIAS_LIMIT: usize = 10_000;

/// What a file says.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its value; null for an empty file.
    pub root: Node,
    /// The comments that speak to flagctl.
    pub comments: Vec<Comment>,
    /// Whether the root is all that the file says.
    pub completeness: Completeness,
}

/// Whether a file could be read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Completeness {
    /// Everything is there.
    #[default]
    Complete,
    /// Something is missing, and a diagnostic says what.
    Incomplete,
}

/// A comment that speaks to flagctl.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Without `#`.
    pub text: String,
    /// With `#`.
    pub span: Span,
    /// The line that it is about, from one: its own, or the next with content if it stands alone.
    pub line: usize,
}

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// From its first to its last byte, quotes and brackets included; empty for a value left out.
    pub span: Span,
}

/// A value by YAML's core schema.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// Finite, and how it was written.
    Number(Number, Box<str>),
    /// Any other scalar.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the file; keys are distinct.
    Map(Vec<Entry>),
}

/// One key of a mapping, and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// As text, also where it could be read as a number or Boolean.
    pub key: String,
    /// The key's place.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

impl Node {
    /// The entries of a mapping; none for any other value.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The entry of that key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The same value without places.
    pub fn to_json(&self) -> Json {
        match &self.value {
            Value::Null => Json::Null,
            Value::Boolean(boolean) => Json::Bool(*boolean),
            Value::Number(number, _) => Json::Number(number.clone()),
            Value::Text(text) => Json::String(text.clone()),
            Value::List(items) => items.iter().map(Self::to_json).collect(),
            Value::Map(entries) => {
                let pair = |entry: &Entry| (entry.key.clone(), entry.value.to_json());
                Json::Object(entries.iter().map(pair).collect::<Map<_, _>>())
            }
        }
    }

    /// A scalar as written, without quotes; what it is for any other value.
    pub fn written(&self) -> &str {
        match &self.value {
            Value::Text(text) => text,
            Value::Number(_, written) => written,
            Value::Boolean(true) => "true",
            Value::Boolean(false) => "false",
            _ => self.type_name(),
        }
    }

    /// What people call its type.
    pub fn type_name(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Boolean(_) => "a boolean",
            Value::Number(..) => "a number",
            Value::Text(_) => "a string",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}
