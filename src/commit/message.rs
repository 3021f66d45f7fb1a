//! What a commit says about itself.

/// A commit's message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// What it does, on one line.
    pub subject: String,
    /// More about it; may be empty.
    pub body: String,
    /// Names and values for programs, such as `Flag` and `new-checkout`.
    pub trailers: Vec<(String, String)>,
}

impl Message {
    /// A message of a subject alone.
    pub fn new(subject: impl Into<String>) -> Self {
        Self { subject: subject.into(), ..Self::default() }
    }

    /// As git stores it.
    pub(super) fn render(&self) -> String {
        let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let trailers = self.trailers.iter().map(|(name, value)| format!("{name}: {}", one_line(value)));
        let trailers = trailers.collect::<Vec<_>>().join("\n");
        let body = tidy(&self.body);
        let parts = [one_line(&self.subject), body.trim_end().to_owned(), trailers];
        let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        format!("{}\n", parts.join("\n\n"))
    }
}

/// Without spaces at line ends and empty lines around, as git's own clean-up has it; empty if nothing is left.
pub(super) fn tidy(text: &str) -> String {
    let lines = text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    match lines.trim_matches('\n') {
        "" => String::new(),
        lines => format!("{lines}\n"),
    }
}
