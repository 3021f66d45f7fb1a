//! HTML that is written element by element.
//!
//! The document is also well-formed XML: every element is closed, and every attribute has a value in quotes.
//!
//! **Invariant:** names of elements and attributes are words of the program. All other text is escaped, so text from
//! outside is never markup.
//! **Invariant:** a line break is only before an element, so no line begins with text from outside.

use crate::report::Printable;
use crate::report::diff::sentence::{Sentence, Span};
use crate::report::escape;
use crate::report::text::shortened;
#[cfg(feature = "serve")]
use crate::report::{Role, StyledText};

/// The maximum number of characters of a condition, a value or an error in a sentence.
const LONGEST: usize = 2_000;
/// The elements that begin on a new line.
const BLOCKS: [&str; 33] = [
    "article", "aside", "body", "caption", "dd", "del", "details", "div", "dl", "dt", "footer", "form", "h1", "h2",
    "h3", "head", "header", "ins", "li", "link", "main", "meta", "nav", "ol", "p", "section", "style", "table",
    "tbody", "thead", "title", "tr", "ul",
];

/// A part of a document.
#[derive(Debug, Default)]
pub(crate) struct Html(String);

/// The attributes of an element.
pub(crate) type Attributes<'a> = &'a [(&'static str, &'a str)];

impl Html {
    /// Adds an element whose content is written by a function.
    pub(crate) fn element(
        &mut self,
        name: &'static str,
        attributes: Attributes<'_>,
        content: impl FnOnce(&mut Self),
    ) -> &mut Self {
        self.open(name, attributes);
        self.0 += ">";
        content(self);
        self.0 += "</";
        self.0 += name;
        self.0 += ">";
        self
    }

    /// Adds an element that has only a text.
    pub(crate) fn leaf(&mut self, name: &'static str, attributes: Attributes<'_>, text: &str) -> &mut Self {
        self.element(name, attributes, |html| {
            html.text(text);
        })
    }

    /// Adds an element without content, such as `meta` or a shape of a drawing.
    pub(crate) fn empty(&mut self, name: &'static str, attributes: Attributes<'_>) -> &mut Self {
        self.open(name, attributes);
        self.0 += "/>";
        self
    }

    /// Adds text with any content.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.0 += &escape::html(text);
        self
    }

    /// Adds text with several lines, as the content of a field in which people type.
    #[cfg(feature = "serve")]
    pub(crate) fn typed(&mut self, text: &str) -> &mut Self {
        for (index, line) in text.lines().enumerate() {
            self.0 += if index > 0 { "&#10;" } else { "" };
            self.text(line);
        }
        self
    }

    /// Adds a text whose parts have roles. A part with a role is an element with the class of the role.
    #[cfg(feature = "serve")]
    pub(crate) fn styled(&mut self, text: &StyledText) -> &mut Self {
        for (role, part) in text.parts() {
            match role.map(class) {
                Some(class) => self.leaf("span", &[("class", class)], &shortened(part, LONGEST)),
                None => self.text(&shortened(part, LONGEST)),
            };
        }
        self
    }

    /// Adds markup that is a part of the program.
    pub(crate) fn markup(&mut self, markup: &'static str) -> &mut Self {
        self.0 += markup;
        self
    }

    /// Adds a sentence. Names, conditions and values are code.
    pub(crate) fn sentence(&mut self, sentence: &Sentence) -> &mut Self {
        for span in sentence.shortened(LONGEST).spans() {
            match span {
                Span::Words(words) => self.text(words),
                Span::Flag(key) => self.leaf("code", &[("class", "flag")], key),
                Span::Environments(names) => self.codes(names.split(", "), ", "),
                Span::Variant(text) | Span::Code(text) => self.code(text),
            };
        }
        self
    }

    /// Adds a text as code, or its beginning if it is very long.
    pub(crate) fn code(&mut self, text: &str) -> &mut Self {
        self.leaf("code", &[], &shortened(text, LONGEST))
    }

    /// Adds texts as code, with a separator between them.
    pub(crate) fn codes<'t>(&mut self, texts: impl IntoIterator<Item = &'t str>, separator: &str) -> &mut Self {
        for (index, text) in texts.into_iter().enumerate() {
            if index > 0 {
                self.text(separator);
            }
            self.code(text);
        }
        self
    }

    /// Returns the document.
    pub(crate) fn into_printable(self) -> Printable {
        Printable::html(self.0 + "\n")
    }

    fn open(&mut self, name: &'static str, attributes: Attributes<'_>) {
        if BLOCKS.contains(&name) {
            self.0 += "\n";
        }
        self.0 += "<";
        self.0 += name;
        for (name, value) in attributes {
            self.0 += &format!(" {name}=\"{}\"", escape::html(value));
        }
    }
}

/// Returns the class of the parts of a text with a role.
#[cfg(feature = "serve")]
fn class(role: Role) -> &'static str {
    match role {
        Role::Name => "strong",
        Role::Good | Role::OtherVariant(_) => "good",
        Role::Bad | Role::Error => "bad",
        Role::Caution | Role::Warning => "caution",
        Role::Minor | Role::Note => "minor",
    }
}

#[cfg(test)]
mod tests {
    use crate::report::diff::html::markup::Html;

    #[test]
    fn no_text_is_markup() {
        let mut html = Html::default();
        html.element("p", &[("title", "\"><b onclick='x'>")], |html| {
            html.text("</p><script>&\n::error::x \u{202e}\u{1b}[31m ##[group]");
        });
        assert_eq!(
            html.into_printable().as_str(),
            "\n<p title=\"&quot;&gt;&lt;b onclick=&#39;x&#39;&gt;\">&lt;/p&gt;&lt;script&gt;&amp;\\n::error::x \
             \\u{202e}\\u{1b}[31m #\\u{23}[group]</p>\n"
        );
    }
}
