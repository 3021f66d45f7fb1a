//! A file to write.

/// A file to write, with its path from git's root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// The path.
    pub path: String,
    /// The text.
    pub text: String,
    /// Other paths at which a file has the same meaning.
    pub alternatives: &'static [&'static str],
    /// The lines that a person adds to a file that exists already, for a file that other tools own, too.
    pub lines_to_add: Vec<String>,
}

impl NewFile {
    /// Returns a file that only flagctl owns.
    pub fn own(path: String, text: String) -> Self {
        Self { path, text, alternatives: &[], lines_to_add: Vec::new() }
    }

    /// Returns the lines to add that an existing text does not have.
    pub fn missing_lines(&self, existing: &str) -> Vec<String> {
        let has = |wanted: &str| existing.lines().any(|line| line.trim().trim_end_matches(',') == wanted.trim());
        self.lines_to_add.iter().filter(|line| !has(line)).cloned().collect()
    }
}
