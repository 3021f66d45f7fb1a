//! The meaning of the parts of a text for people, and the colour of each meaning.
//!
//! A format makes a [`StyledText`] from texts and their [`Role`]s. It does not know whether the output has colours: the
//! text and the roles stay apart until the program writes them to a stream, so a text without colours is the same text
//! without its roles. The colours are the basic eight of a terminal without a background, which themes for dark and for
//! light terminals choose so that they are readable.
//!
//! **Invariant:** no meaning is in the colour alone, because each text is complete without colour.
//! **Invariant:** only [`Marked::render`] makes escape sequences. It puts them around texts that are already escaped.

use std::borrow::Cow;
use std::fmt::Write;
use std::ops::Range;

use anstyle::{AnsiColor, Style};

use crate::report::escape::line;
use crate::report::text::Colour;

/// The meaning of a part of a text, which determines its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The name that a line is about, or the title of a column: bold.
    Name,
    /// On, passed, expanded, live: green.
    Good,
    /// Off, refused, shrunk, killed, invalid: red.
    Bad,
    /// Reassigned, reshuffled, unknown, behind: yellow.
    Caution,
    /// What does not matter now, such as metadata, locations and commands to repeat a result: dim.
    Minor,
    /// The second and the third variant of a flag that are not `off`: cyan and magenta. The first one is [`Role::Good`].
    OtherVariant(OtherVariant),
    /// The word `error` before a message: bold and red.
    Error,
    /// The word `warning` before a message: bold and yellow.
    Warning,
    /// The word `note` before a message, and the positions of a finding: bold and blue.
    Note,
}

/// The number of a variant among those that are not `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherVariant {
    /// The second variant.
    Second,
    /// The third variant.
    Third,
}

impl Role {
    /// Returns the style of the role.
    pub(super) fn style(self) -> Style {
        let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
        match self {
            Self::Name => Style::new().bold(),
            Self::Good => colour(AnsiColor::Green),
            Self::Bad => colour(AnsiColor::Red),
            Self::Caution => colour(AnsiColor::Yellow),
            Self::Minor => Style::new().dimmed(),
            Self::OtherVariant(OtherVariant::Second) => colour(AnsiColor::Cyan),
            Self::OtherVariant(OtherVariant::Third) => colour(AnsiColor::Magenta),
            Self::Error => colour(AnsiColor::Red).bold(),
            Self::Warning => colour(AnsiColor::Yellow).bold(),
            Self::Note => colour(AnsiColor::Blue).bold(),
        }
    }
}

/// A text with the roles of some of its parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Marked {
    pub(super) text: String,
    /// The byte ranges with a role. They are in the order of the text, and they do not overlap.
    marks: Vec<(Range<usize>, Role)>,
}

impl Marked {
    /// Adds a text. A role of `None` has no colour.
    pub(super) fn push(&mut self, role: Option<Role>, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        let Some(role) = role.filter(|_| !text.is_empty()) else { return };
        match self.marks.last_mut() {
            Some((range, last)) if *last == role && range.end == start => range.end = self.text.len(),
            Some(_) | None => self.marks.push((start..self.text.len(), role)),
        }
    }

    /// Adds a text with roles.
    pub(super) fn append(&mut self, other: &Self) {
        let start = self.text.len();
        self.text.push_str(&other.text);
        self.marks.extend(other.marks.iter().map(|(range, role)| (range.start + start..range.end + start, *role)));
    }

    /// Iterates over the parts of the text, each with its role.
    #[cfg(feature = "serve")]
    fn parts(&self) -> impl Iterator<Item = (Option<Role>, &str)> {
        let ends = self.marks.iter().map(|(range, _)| range.end);
        let starts = std::iter::once(0).chain(ends);
        let marked = self.marks.iter().map(Some).chain([None]);
        starts
            .zip(marked)
            .flat_map(|(start, mark)| {
                let range = mark.map_or(self.text.len()..self.text.len(), |(range, _)| range.clone());
                [(None, start..range.start), (mark.map(|(_, role)| *role), range)]
            })
            .map(|(role, range)| (role, self.text.get(range).unwrap_or_default()))
            .filter(|(_, text)| !text.is_empty())
    }

    /// Shortens the text to a length in bytes.
    pub(super) fn truncate(&mut self, length: usize) {
        if self.text.is_char_boundary(length) {
            self.text.truncate(length);
            self.marks.retain(|(range, _)| range.start < length);
            self.marks.last_mut().into_iter().for_each(|(range, _)| range.end = range.end.min(length));
        }
    }

    /// Returns another text with the same roles. `moved` returns the new offset of an offset.
    pub(super) fn with_text(&self, text: String, moved: impl Fn(usize) -> usize) -> Self {
        let marks = self.marks.iter().map(|(range, role)| (moved(range.start)..moved(range.end), *role));
        let marks = marks.filter(|(range, _)| range.start < range.end && text.get(range.clone()).is_some());
        Self { marks: marks.collect(), text }
    }

    /// Returns the text, with an escape sequence before and after each part with a role if the stream has colours.
    pub(super) fn render(&self, colour: Colour) -> Cow<'_, str> {
        if colour == Colour::Never || self.marks.is_empty() {
            return Cow::Borrowed(&self.text);
        }
        let mut rendered = String::with_capacity(self.text.len() + 10 * self.marks.len());
        let mut written = 0;
        let part = |range: Range<usize>| self.text.get(range).unwrap_or_default();
        for (range, role) in &self.marks {
            let style = role.style();
            rendered.push_str(part(written..range.start));
            // Writing to a string cannot fail.
            let _ = write!(rendered, "{style}{}{style:#}", part(range.clone()));
            written = range.end;
        }
        rendered.push_str(part(written..self.text.len()));
        Cow::Owned(rendered)
    }
}

/// A part of one line for people, before it is escaped: texts with or without a [`Role`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StyledText(Marked);

impl StyledText {
    /// Returns a text in which everything has the same role.
    pub(crate) fn new(role: Role, text: impl AsRef<str>) -> Self {
        Self::default().with(role, text)
    }

    /// Adds a text with a role.
    #[must_use]
    pub(crate) fn with(mut self, role: impl Into<Option<Role>>, text: impl AsRef<str>) -> Self {
        self.0.push(role.into(), text.as_ref());
        self
    }

    /// Adds a text without a role.
    #[must_use]
    pub(crate) fn plain(self, text: impl AsRef<str>) -> Self {
        self.with(None, text)
    }

    /// Adds another text with its roles.
    #[must_use]
    pub(crate) fn then(mut self, other: &Self) -> Self {
        self.0.append(&other.0);
        self
    }

    /// Joins texts.
    pub(crate) fn joined(parts: impl IntoIterator<Item = Self>, separator: &str) -> Self {
        let mut joined = Self::default();
        for (index, part) in parts.into_iter().enumerate() {
            joined = joined.plain(if index > 0 { separator } else { "" }).then(&part);
        }
        joined
    }

    /// Returns the text without its roles.
    pub(crate) fn as_str(&self) -> &str {
        &self.0.text
    }

    /// Iterates over the parts of the text, each with its role. They are not escaped.
    #[cfg(feature = "serve")]
    pub(crate) fn parts(&self) -> impl Iterator<Item = (Option<Role>, &str)> {
        self.0.parts()
    }

    /// Returns the text as a part of one line, in which it is escaped.
    pub(super) fn escaped(&self) -> Marked {
        let text = &self.0.text;
        match line(text) {
            Cow::Borrowed(_) => self.0.clone(),
            Cow::Owned(escaped) => {
                self.0.with_text(escaped, |offset| text.get(..offset).map_or(0, |before| line(before).len()))
            }
        }
    }
}

impl From<&str> for StyledText {
    fn from(text: &str) -> Self {
        Self::default().plain(text)
    }
}

impl From<&String> for StyledText {
    fn from(text: &String) -> Self {
        Self::default().plain(text)
    }
}

impl From<String> for StyledText {
    fn from(text: String) -> Self {
        Self::default().plain(text)
    }
}

/// Returns the text of a cell, or a dim dash that stands for a text that is missing.
pub(super) fn or_dash(text: Option<impl AsRef<str>>) -> StyledText {
    text.map_or_else(|| StyledText::new(Role::Minor, "-"), |text| StyledText::from(text.as_ref()))
}

#[cfg(test)]
mod tests {
    use crate::report::style::{Role, StyledText};
    use crate::report::text::Colour;

    #[test]
    fn only_roles_become_escape_sequences() {
        let text = StyledText::new(Role::Name, "a\u{1b}[31m").plain(": ").with(Role::Bad, "o\nff").plain("\u{1b}[0m");
        let escaped = text.escaped();
        assert_eq!(escaped.render(Colour::Never), r"a\u{1b}[31m: o\nff\u{1b}[0m");
        assert_eq!(escaped.render(Colour::Ansi), "\u{1b}[1ma\\u{1b}[31m\u{1b}[0m: \u{1b}[31mo\\nff\u{1b}[0m\\u{1b}[0m");
    }

    #[test]
    #[cfg(feature = "serve")]
    fn the_parts_of_a_text_are_the_whole_text() {
        let text = StyledText::from("a").with(Role::Bad, "b").with(Role::Bad, "c").with(Role::Good, "d").plain("e");
        let parts: Vec<_> = text.parts().collect();
        assert_eq!(parts, [(None, "a"), (Some(Role::Bad), "bc"), (Some(Role::Good), "d"), (None, "e")]);
        assert_eq!(StyledText::new(Role::Name, "x").parts().collect::<Vec<_>>(), [(Some(Role::Name), "x")]);
        assert_eq!(StyledText::default().parts().count(), 0);
    }

    #[test]
    fn a_command_of_a_log_is_escaped_although_its_parts_have_different_roles() {
        let text = StyledText::new(Role::Name, "#").with(Role::Bad, "#").plain("[group]");
        assert_eq!(text.escaped().render(Colour::Never), r"#\u{23}[group]");
    }
}
