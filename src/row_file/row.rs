//! The columns of a file, and the texts of one of its rows.

/// The names of the columns of a file.
#[derive(Debug, Clone, Copy)]
pub struct Columns {
    /// The columns that every row has.
    pub required: &'static [&'static str],
    /// The columns that a file may have.
    pub optional: &'static [&'static str],
}

impl Columns {
    /// Returns the names of all columns.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.required.iter().chain(self.optional).copied()
    }

    /// Says that a name is no column, and which names are.
    pub(super) fn unknown(&self, name: &str) -> Option<String> {
        if self.names().any(|known| known == name) {
            return None;
        }
        let known: Vec<String> = self.names().map(|known| format!("`{known}`")).collect();
        Some(format!("`{name}` is not a column; the columns are {}", known.join(", ")))
    }
}

/// The texts of a row.
#[derive(Debug, Clone)]
pub struct RowTexts<'r>(pub(super) Vec<(&'r str, &'r str)>);

impl<'r> RowTexts<'r> {
    /// Returns the text of a column, or `None` if the row does not have it or it is empty.
    pub fn get(&self, name: &str) -> Option<&'r str> {
        self.0.iter().find(|(own, _)| *own == name).map(|(_, text)| *text).filter(|text| !text.is_empty())
    }
}
