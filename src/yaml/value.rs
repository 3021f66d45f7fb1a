//! The values of a YAML document, with their positions.

use serde_json::{Map, Number, Value as Json};

use crate::snapshot::Span;

/// The maximum nesting depth of collections, including aliases.
pub const DEPTH_LIMIT: usize = 64;
/// The maximum number of values in a file, including those that aliases add. A value takes about 100 bytes of memory,
/// even if it takes only two bytes in the file.
pub const VALUE_LIMIT: usize = 1_000_000;
/// The maximum number of values that the aliases of a file may add.
pub const ALIAS_LIMIT: usize = 10_000;
/// The maximum number of bytes of text that the aliases of a file may add.
pub const ALIAS_BYTES: usize = 1 << 20;
/// The maximum number of bytes of text that the anchors of a file may copy. Anchors inside each other copy the same
/// text several times.
pub const ANCHOR_BYTES: usize = 16 << 20;

/// A parsed file.
#[derive(Debug, Clone)]
pub struct Document {
    /// The value of the file, or null for an empty file.
    pub root: Node,
    /// The comments for flagctl.
    pub comments: Vec<Comment>,
    /// Whether the root contains the complete content of the file.
    pub completeness: Completeness,
    /// The number of values in the file, including those that aliases have added.
    pub values: usize,
    /// The number of bytes of text that aliases have added.
    pub added_text: usize,
}

/// Whether everything in a file could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Completeness {
    /// Everything was read.
    #[default]
    Complete,
    /// A part is missing, and a diagnostic describes it.
    Incomplete,
}

/// A comment for flagctl: it begins with `flagctl:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// The text without `#`.
    pub text: String,
    /// The comment with `#`.
    pub span: Span,
    /// The line that the comment refers to, counted from one. It is the comment's own line, or the next line with
    /// content if the comment is on a separate line.
    pub line: usize,
}

/// A value and its position.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// The position, including quotes and brackets. It is empty for an omitted value.
    pub span: Span,
}

/// A value of YAML's core schema.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Null, or an omitted value.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A finite number and its source text.
    Number(Number, Box<str>),
    /// Any other scalar.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the file. Its keys are distinct.
    Map(Vec<Entry>),
}

/// One key of a mapping, and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key as text, even if it looks like a number or Boolean.
    pub key: String,
    /// The position of the key.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

impl Node {
    /// Returns the entries of a mapping, or an empty slice for any other value.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Returns the entry with this key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// Returns the text of a string.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the value without positions.
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

    /// Returns the text of a scalar without quotes, or the name of the type for any other value.
    pub fn written(&self) -> &str {
        match &self.value {
            Value::Text(text) => text,
            Value::Number(_, written) => written,
            Value::Boolean(true) => "true",
            Value::Boolean(false) => "false",
            Value::Null | Value::List(_) | Value::Map(_) => self.type_name(),
        }
    }

    /// Returns the type and, for a scalar, the text: "the number `5`", or "a list".
    pub fn described(&self) -> String {
        match &self.value {
            Value::Text(text) => format!("the string `{text}`"),
            Value::Number(_, written) => format!("the number `{written}`"),
            Value::Boolean(_) => format!("the boolean `{}`", self.written()),
            Value::Null | Value::List(_) | Value::Map(_) => self.type_name().to_owned(),
        }
    }

    /// Returns the name of the type with an article, for messages.
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
