//! Tables for people.
//!
//! A row is always one line. A terminal breaks a longer line in the middle of a word or an address, so the last columns of
//! a table, usually one, are shortened to the width of the terminal. The columns before them are never shortened: they have
//! the names that people look for. Output that is not written to a terminal is whole.

use comfy_table::{ContentArrangement, presets};
use unicode_width::UnicodeWidthStr;

use crate::report::allotment::allot;
use crate::report::style::{Marked, Role, StyledText};

/// The number of columns between two columns of text.
const GAP: usize = 2;
/// The width down to which a column is shortened.
const LEAST: usize = 8;
/// What a shortened text ends with.
const ELLIPSIS: char = '…';

/// A table without borders.
///
/// **Invariant:** the text of a cell is escaped before the layout, so each row is one line.
#[derive(Debug)]
pub struct Table {
    width: Option<u16>,
    /// The number of columns that are shortened.
    shortened: usize,
    /// The cells of all rows. The first row has the titles.
    rows: Vec<Vec<Marked>>,
}

impl Table {
    /// Returns an empty table, whose last column is shortened so that the table has at most this width, unless it is
    /// `None`.
    pub(super) fn new(width: Option<u16>) -> Self {
        Self::with_shortened(width, 1)
    }

    /// Returns an empty table, of which the last columns are shortened, all to the same width.
    pub(super) fn with_shortened(width: Option<u16>, shortened: usize) -> Self {
        Self { width, shortened, rows: Vec::new() }
    }

    /// Sets the titles of the columns.
    pub(super) fn header<S: AsRef<str>>(&mut self, titles: impl IntoIterator<Item = S>) {
        self.row(titles.into_iter().map(|title| StyledText::new(Role::Name, title)));
    }

    /// Adds a row.
    pub(super) fn row<S: Into<StyledText>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(|cell| cell.into().escaped()).collect());
    }

    /// Returns the lines without the padding at both ends.
    pub(super) fn lines(&self) -> Vec<Marked> {
        let rows = self.width.map_or_else(|| self.rows.clone(), |width| self.fitted(width.into()));
        let widths = widths(&rows);
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        for row in &rows {
            table.add_row(row.iter().map(|cell| &cell.text));
        }
        table.lines().zip(&rows).map(|(line, cells)| marked(&line, cells, &widths)).collect()
    }

    /// Returns the rows with the last columns shortened.
    fn fitted(&self, width: usize) -> Vec<Vec<Marked>> {
        let mut limits = widths(&self.rows);
        let gaps = GAP * limits.len().saturating_sub(1);
        let whole = limits.len().saturating_sub(self.shortened);
        let (whole, last) = limits.split_at_mut(whole);
        let left = width.saturating_sub(whole.iter().sum::<usize>() + gaps);
        let titles = self.rows.first().and_then(|titles| titles.get(whole.len()..)).unwrap_or_default();
        let allotted = allot(last, left);
        for ((limit, title), allotted) in last.iter_mut().zip(titles).zip(allotted) {
            *limit = allotted.max(title.text.width()).max(LEAST);
        }
        let fitted = |row: &Vec<Marked>| row.iter().zip(&limits).map(|(cell, limit)| shortened(cell, *limit)).collect();
        self.rows.iter().map(fitted).collect()
    }
}

/// Returns the width of each column.
fn widths(rows: &[Vec<Marked>]) -> Vec<usize> {
    let mut widths = Vec::new();
    for row in rows {
        widths.resize(widths.len().max(row.len()), 0);
        widths.iter_mut().zip(row).for_each(|(width, cell)| *width = (*width).max(cell.text.width()));
    }
    widths
}

/// Returns a line of the layout, without the space that comfy-table writes before and after each cell at both ends of the
/// line, and with the roles of the cells.
fn marked(line: &str, cells: &[Marked], widths: &[usize]) -> Marked {
    let mut marked = Marked::default();
    let mut rest = line.strip_prefix(' ').unwrap_or(line);
    for (cell, width) in cells.iter().zip(widths) {
        let Some(after) = rest.strip_prefix(cell.text.as_str()) else { break };
        marked.append(cell);
        let space = (GAP + width.saturating_sub(cell.text.width())).min(after.len());
        let (space, after) = after.split_at_checked(space).unwrap_or((after, ""));
        marked.push(None, space);
        rest = after;
    }
    marked.push(None, rest);
    let length = marked.text.trim_end().len();
    marked.truncate(length);
    marked
}

/// Returns a text with at most `width` columns. A shortened text ends with `…`. A word that does not fit is left out as a
/// whole, so no address becomes another address. Another word is cut if little is left without it.
fn shortened(cell: &Marked, width: usize) -> Marked {
    if cell.text.width() <= width {
        return cell.clone();
    }
    let fits = |text: &str| text.width() < width;
    let text = cell.text.as_str();
    let words = text.match_indices(' ').filter_map(|(end, _)| text.get(..=end)).take_while(|start| fits(start)).last();
    let words = words.unwrap_or_default();
    let next_word = text.get(words.len()..).and_then(|rest| rest.split(' ').next()).unwrap_or_default();
    let characters = text.char_indices().filter_map(|(end, _)| text.get(..end));
    let start = if next_word.contains("://") || words.width() * 2 > width {
        words
    } else {
        characters.take_while(|start| fits(start)).last().unwrap_or_default()
    };
    let mut shortened = cell.clone();
    shortened.truncate(start.len());
    shortened.push(None, ELLIPSIS.encode_utf8(&mut [0; 4]));
    shortened
}

#[cfg(test)]
mod tests {
    use crate::report::style::{Role, StyledText};
    use crate::report::{Colour, Lines, Table};

    fn lines(width: Option<u16>, rows: &[[&str; 3]]) -> Lines {
        let mut table = Table::new(width);
        table.header(["FLAG", "STATE", "REASON"]);
        rows.iter().for_each(|row| table.row(row.iter().copied()));
        let mut lines = Lines::default();
        lines.table(&table);
        lines
    }

    #[test]
    fn the_last_column_is_shortened_to_the_width_of_the_terminal_at_a_word() {
        let rows = [["cart", "killed", "see https://example.com/incidents/12 for the reason"], ["search", "on", "-"]];
        assert_eq!(
            lines(Some(40), &rows).as_str(),
            "FLAG    STATE   REASON\ncart    killed  see …\nsearch  on      -\n"
        );
        assert_eq!(
            lines(Some(60), &rows).as_str(),
            "FLAG    STATE   REASON\ncart    killed  see https://example.com/incidents/12 for …\nsearch  on      -\n"
        );
        assert!(lines(None, &rows).as_str().contains("for the reason\n"));
    }

    #[test]
    fn a_first_word_is_cut_at_a_wide_character_and_an_address_is_left_out() {
        let rows =
            [["a", "on", "日本語日本語日本語"], ["b", "on", "https://example.com/a"], ["c", "on", "abcdefghijk"]];
        assert_eq!(
            lines(Some(20), &rows).as_str(),
            "FLAG  STATE  REASON\na     on     日本語…\nb     on     …\nc     on     abcdefg…\n"
        );
    }

    #[test]
    fn several_columns_are_shortened_to_the_same_width() {
        let mut table = Table::with_shortened(Some(36), 2);
        table.header(["FLAG", "STAGING", "PRODUCTION"]);
        table.row(["cart", "2 conditions, 20% to 100%", "25% of the people"]);
        table.row(["search", "off", "killed"]);
        let mut lines = Lines::default();
        lines.table(&table);
        let expected = "\
FLAG    STAGING        PRODUCTION
cart    2 conditions…  25% of the …
search  off            killed
";
        assert_eq!(lines.as_str(), expected);
    }

    #[test]
    fn cells_keep_their_roles_beside_a_column_that_becomes_narrower_than_its_part() {
        let mut table = Table::with_shortened(Some(30), 2);
        table.header(["A", "B", "C"]);
        let good = |text: &str| StyledText::new(Role::Good, text);
        table.row([good("a"), good("many words https://example.com/a"), good("others https://example.com/b")]);
        let mut lines = Lines::default();
        lines.table(&table);
        let row = "\u{1b}[32ma\u{1b}[0m  \u{1b}[32mmany words \u{1b}[0m…  \u{1b}[32mothers \u{1b}[0m…";
        assert_eq!(lines.render(Colour::Ansi).lines().nth(1), Some(row));
    }

    #[test]
    fn the_other_columns_are_whole_in_any_terminal() {
        let rows = [["a-flag-with-a-long-name", "on", "rule one two three"]];
        assert_eq!(
            lines(Some(10), &rows).as_str(),
            "FLAG                     STATE  REASON\na-flag-with-a-long-name  on     rule …\n"
        );
    }

    #[test]
    fn colours_do_not_change_the_layout() {
        let mut table = Table::new(Some(24));
        table.header(["FLAG", "REASON"]);
        let reason = StyledText::new(Role::Bad, "killed").plain(": ").with(Role::Minor, "a very long reason");
        table.row([StyledText::from("日本"), reason]);
        let mut lines = Lines::default();
        lines.table(&table);
        assert_eq!(
            lines.render(Colour::Ansi),
            "\u{1b}[1mFLAG\u{1b}[0m  \u{1b}[1mREASON\u{1b}[0m\n\
             日本  \u{1b}[31mkilled\u{1b}[0m: \u{1b}[2ma very \u{1b}[0m…\n"
        );
    }
}
