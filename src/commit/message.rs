//! The message of a commit.

/// A commit message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// The description of the commit on one line.
    pub subject: String,
    /// More text, which may be empty.
    pub body: String,
    /// The trailers: names and values for programs, such as `Flag` and `new-checkout`.
    pub trailers: Vec<(String, String)>,
}

impl Message {
    /// Creates a message that has only a subject.
    pub fn new(subject: impl Into<String>) -> Self {
        Self { subject: subject.into(), ..Self::default() }
    }

    /// Returns the text of the message in git's format: subject, body and trailers with an empty line between them.
    pub(super) fn render(&self) -> String {
        let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let trailers = self.trailers.iter().map(|(name, value)| format!("{name}: {}", one_line(value)));
        let trailers = trailers.collect::<Vec<_>>().join("\n");
        let body = clean_up(&self.body);
        let parts = [one_line(&self.subject), body.trim_end().to_owned(), trailers];
        let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        format!("{}\n", parts.join("\n\n"))
    }
}

/// Removes white space at the ends of lines, and empty lines at the beginning and the end, as git does. Returns an
/// empty text if nothing remains.
pub(super) fn clean_up(text: &str) -> String {
    let lines = text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    match lines.trim_matches('\n') {
        "" => String::new(),
        lines => format!("{lines}\n"),
    }
}
