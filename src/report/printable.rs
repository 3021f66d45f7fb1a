//! The only type of text that the program writes to its output streams.

use std::borrow::Cow;

use serde::Serialize;

use crate::report::escape;
use crate::report::{Colour, Lines};

/// A text that the program may write to a terminal or to the log of a CI service, in any format.
///
/// **Invariant:** the text has no hidden characters, and no command of a terminal or of a CI service that flagctl did
/// not write itself. Each constructor applies the rules of one language, so a format cannot forget them.
#[derive(Debug, Clone)]
pub struct Printable(Content);

/// The content of a [`Printable`].
#[derive(Debug, Clone)]
enum Content {
    /// Text for programs, or with colours that another library has made.
    Text(String),
    /// Text for people, whose colours depend on the stream.
    Lines(Lines),
}

impl Printable {
    /// Returns a value as indented JSON, with a line break at the end.
    ///
    /// # Errors
    /// Returns the error of serde if the value cannot be written as JSON.
    pub fn json(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        Ok(Self::json_document(serde_json::to_string_pretty(value)? + "\n"))
    }

    /// Takes a document in JSON, or lines of JSON.
    pub fn json_document(document: String) -> Self {
        Self(Content::Text(match escape::json(&document) {
            Cow::Borrowed(_) => document,
            Cow::Owned(escaped) => escaped,
        }))
    }

    /// Takes Markdown in which all texts from outside are code.
    pub(super) fn markdown(document: &str) -> Self {
        Self(Content::Text(escape::document(document)))
    }

    /// Takes HTML in which all texts are escaped by [`escape::html`], and no line begins with a text.
    pub(super) fn html(document: String) -> Self {
        Self(Content::Text(document))
    }

    /// Takes CSV in which all texts are escaped by [`escape::csv_cell`].
    pub(super) fn csv(rows: String) -> Self {
        Self(Content::Text(rows))
    }

    /// Takes SQL in which all texts are literals without hidden characters, and no line begins with a text.
    pub(super) fn sql(query: String) -> Self {
        Self(Content::Text(query))
    }

    /// Takes XML in which all texts are escaped by [`escape::xml`].
    pub(super) fn xml(document: String) -> Self {
        Self(Content::Text(document))
    }

    /// Takes GitHub's workflow commands, in which all texts are escaped by [`escape::github_command`].
    pub(super) fn workflow_commands(commands: String) -> Self {
        Self(Content::Text(commands))
    }

    /// Takes lines for the script of a shell. Their words are plain, as [`completions`](crate::report::completions) checks, and
    /// [`escape::line`] has escaped their descriptions.
    pub(super) fn completions(lines: String) -> Self {
        Self(Content::Text(lines))
    }

    /// Takes text that is a part of the program, such as a help text, a completion script or a page of documentation.
    pub fn of_program(text: String) -> Self {
        Self(Content::Text(text))
    }

    /// Returns the text without the colours of roles.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Content::Text(text) => text,
            Content::Lines(lines) => lines.as_str(),
        }
    }

    /// Returns the text for a stream with or without colours.
    pub fn render(&self, colour: Colour) -> Cow<'_, str> {
        match &self.0 {
            Content::Text(text) => Cow::Borrowed(text),
            Content::Lines(lines) => lines.render(colour),
        }
    }
}

impl From<Lines> for Printable {
    fn from(lines: Lines) -> Self {
        Self(Content::Lines(lines))
    }
}
