//! Text for people, as lines.

use std::borrow::Cow;
use std::fmt;

use crate::report::escape::line_start;
use crate::report::style::{Marked, Role, StyledText};
use crate::report::table::Table;
use crate::report::text::Colour;

/// Text for people: complete lines for a terminal or for the log of a CI service.
///
/// **Invariant:** each call of [`Lines::add`] adds exactly one line, whatever its text contains. Text from outside
/// therefore cannot look like another line of the report, and no line is a command for a terminal or a CI service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines(Marked);

/// The first word of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// The program could not do something.
    Error,
    /// The user should know something.
    Note,
}

impl Label {
    fn styled(self) -> StyledText {
        match self {
            Self::Error => StyledText::new(Role::Error, "error:"),
            Self::Note => StyledText::new(Role::Note, "note:"),
        }
    }
}

impl Lines {
    /// Adds one line.
    pub fn add(&mut self, text: impl Into<StyledText>) {
        self.add_escaped(&text.into().escaped());
    }

    /// Adds one line of which all texts are escaped.
    fn add_escaped(&mut self, line: &Marked) {
        match line_start(&line.text) {
            Cow::Borrowed(_) => self.0.append(line),
            Cow::Owned(escaped) => {
                let longer = escaped.len() - line.text.len();
                let moved = |offset: usize| if offset == 0 { 0 } else { offset + longer };
                self.0.append(&line.with_text(escaped, moved));
            }
        }
        self.0.push(None, "\n");
    }

    /// Adds a line that begins with a label. The other lines of a text that has several, such as the output of a hook, are
    /// indented.
    pub fn message(&mut self, label: Label, text: &str) {
        for (index, part) in text.lines().enumerate() {
            let start = if index == 0 { label.styled().plain(" ") } else { StyledText::from("  ") };
            self.add(start.plain(part));
        }
    }

    /// Adds the lines of a table.
    pub fn table(&mut self, table: &Table) {
        table.lines().iter().for_each(|row| self.add_escaped(row));
    }

    /// Adds lines.
    pub fn append(&mut self, lines: &Self) {
        self.0.append(&lines.0);
    }

    /// Adds lines that [`annotate_snippets`] has rendered, with colours. All texts in them are already escaped by
    /// [`line`](crate::report::escape::line).
    pub(super) fn rendered(&mut self, text: &str) {
        self.0.push(None, text);
        self.0.push(None, "\n");
    }

    /// Returns the text without colours.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// Returns the text, with colours if the stream has colours.
    pub fn render(&self, colour: Colour) -> Cow<'_, str> {
        self.0.render(colour)
    }

    /// Returns the lines without their line breaks and without colours.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.text.lines()
    }
}

impl fmt::Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

impl<S: Into<StyledText>> FromIterator<S> for Lines {
    fn from_iter<I: IntoIterator<Item = S>>(iter: I) -> Self {
        let mut lines = Self::default();
        iter.into_iter().for_each(|text| lines.add(text));
        lines
    }
}

#[cfg(test)]
mod tests {
    use crate::report::lines::Label;
    use crate::report::style::{Role, StyledText};
    use crate::report::{Colour, Lines};

    #[test]
    fn a_text_with_line_breaks_stays_one_line() {
        let mut lines = Lines::default();
        lines.add("killed: a\n::error::b");
        lines.add("::error::c");
        lines.message(Label::Error, "refused\nerror: not a message of its own\r\n::d");
        assert_eq!(
            lines.as_str(),
            "killed: a\\n::error::b\n\\u{3a}:error::c\nerror: refused\n  error: not a message of its own\n  \\u{3a}:d\n"
        );
    }

    #[test]
    fn roles_keep_their_texts_when_the_start_of_a_line_is_escaped() {
        let mut lines = Lines::default();
        lines.add(StyledText::new(Role::Name, "::a").plain(" ").with(Role::Bad, "off"));
        assert_eq!(lines.render(Colour::Ansi), "\u{1b}[1m\\u{3a}:a\u{1b}[0m \u{1b}[31moff\u{1b}[0m\n");
    }
}
