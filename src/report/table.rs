//! Tables for people.

use comfy_table::{ContentArrangement, presets};

use crate::report::escape::line;

/// A table without borders.
///
/// **Invariant:** the text of a cell is escaped before the layout, so each row is one line unless the terminal is too
/// narrow.
#[derive(Debug)]
pub struct Table {
    table: comfy_table::Table,
}

impl Table {
    /// Returns an empty table, wrapped to a width in columns unless the width is `None`.
    pub(super) fn new(width: Option<u16>) -> Self {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING);
        match width {
            Some(width) => table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width),
            None => table.set_content_arrangement(ContentArrangement::Disabled),
        };
        Self { table }
    }

    /// Sets the titles of the columns.
    pub(super) fn header<S: AsRef<str>>(&mut self, titles: impl IntoIterator<Item = S>) {
        self.table.set_header(titles.into_iter().map(|title| line(title.as_ref()).into_owned()));
    }

    /// Adds a row.
    pub(super) fn row<S: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.table.add_row(cells.into_iter().map(|cell| line(cell.as_ref()).into_owned()));
    }

    /// Returns the lines without the padding at both ends.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        self.table.lines().map(|row| row.strip_prefix(' ').unwrap_or(&row).trim_end().to_owned())
    }
}
