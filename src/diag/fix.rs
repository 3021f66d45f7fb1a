//! Changes of a file that remove a problem, as the stage that finds the problem knows them: without the text of the file.

use crate::snapshot::Span;

/// A change that removes a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What the change does, in words: "write `default`".
    pub title: String,
    /// The parts of the change, all in the file of the problem.
    pub edits: Vec<FixEdit>,
}

/// A part of a fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixEdit {
    /// The position.
    pub span: Span,
    /// What changes there.
    pub change: FixChange,
}

/// What changes at the position of a part of a fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FixChange {
    /// The scalar gets this text as its value. It keeps its quotes, and gets quotes if it needs them.
    Text(String),
    /// The value is replaced by this YAML.
    Source(String),
    /// The entry of a mapping whose key is at the position is removed, with its value.
    RemoveEntry,
    /// The comment at the position is removed, and its line if nothing else is on it.
    RemoveComment,
}

/// Advice in words, with the change that follows it if there is exactly one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// The advice.
    pub help: String,
    /// The change.
    pub fix: Option<Fix>,
}

impl Fix {
    /// Returns a fix with one part.
    pub fn new(title: impl Into<String>, span: Span, change: FixChange) -> Self {
        Self { title: title.into(), edits: vec![FixEdit { span, change }] }
    }

    /// Returns the fix that gives a scalar another text.
    pub fn text(span: Span, text: &str) -> Self {
        Self::new(format!("write `{text}`"), span, FixChange::Text(text.to_owned()))
    }
}

impl Advice {
    /// Returns the advice to give a scalar another text.
    pub fn text(span: Span, text: &str) -> Self {
        Self::text_with_help(format!("write `{text}`"), span, text)
    }

    /// Returns the advice to give a scalar another text, in other words.
    pub fn text_with_help(help: String, span: Span, text: &str) -> Self {
        Self { help, fix: Some(Fix::text(span, text)) }
    }

    /// Returns the advice to write YAML instead of a value.
    pub fn source(span: Span, source: &str) -> Self {
        Self::source_with_help(format!("write `{source}`"), span, source)
    }

    /// Returns the advice to write YAML instead of a value, in other words.
    pub fn source_with_help(help: String, span: Span, source: &str) -> Self {
        let fix = Fix::new(format!("write `{source}`"), span, FixChange::Source(source.to_owned()));
        Self { help, fix: Some(fix) }
    }
}

impl From<String> for Advice {
    fn from(help: String) -> Self {
        Self { help, fix: None }
    }
}

impl From<&str> for Advice {
    fn from(help: &str) -> Self {
        Self { help: help.to_owned(), fix: None }
    }
}
