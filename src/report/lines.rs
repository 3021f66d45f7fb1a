//! Text for people, as lines.

use std::fmt;

use crate::report::escape::{line, line_start};
use crate::report::table::Table;

/// Text for people: complete lines for a terminal or for the log of a CI service.
///
/// **Invariant:** each call of [`Lines::add`] adds exactly one line, whatever its text contains. Text from outside
/// therefore cannot look like another line of the report, and no line is a command for a terminal or a CI service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines {
    text: String,
}

impl Lines {
    /// Adds one line.
    pub fn add(&mut self, text: impl AsRef<str>) {
        self.text.push_str(&line_start(&line(text.as_ref())));
        self.text.push('\n');
    }

    /// Adds a line that begins with a label, such as `error`. The other lines of a text that has several, such as the
    /// output of a hook, are indented.
    pub fn message(&mut self, label: &str, text: &str) {
        for (index, part) in text.lines().enumerate() {
            self.add(if index == 0 { format!("{label}: {part}") } else { format!("  {part}") });
        }
    }

    /// Adds the lines of a table.
    pub fn table(&mut self, table: &Table) {
        for row in table.lines() {
            self.text.push_str(&line_start(&row));
            self.text.push('\n');
        }
    }

    /// Adds lines.
    pub fn append(&mut self, lines: &Self) {
        self.text.push_str(&lines.text);
    }

    /// Adds lines that [`annotate_snippets`] has rendered, with colours. All texts in them are already escaped by
    /// [`line`].
    pub(super) fn rendered(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn into_string(self) -> String {
        self.text
    }

    /// Returns the lines without their line breaks.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.text.lines()
    }
}

impl fmt::Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<S: AsRef<str>> FromIterator<S> for Lines {
    fn from_iter<I: IntoIterator<Item = S>>(iter: I) -> Self {
        let mut lines = Self::default();
        iter.into_iter().for_each(|text| lines.add(text));
        lines
    }
}

#[cfg(test)]
mod tests {
    use crate::report::Lines;

    #[test]
    fn a_text_with_line_breaks_stays_one_line() {
        let mut lines = Lines::default();
        lines.add("killed: a\n::error::b");
        lines.add("::error::c");
        lines.message("error", "refused\nerror: not a message of its own\r\n::d");
        assert_eq!(
            lines.as_str(),
            "killed: a\\n::error::b\n\\u{3a}:error::c\nerror: refused\n  error: not a message of its own\n  \\u{3a}:d\n"
        );
    }
}
