//! The topics of `flagctl help`: texts that several commands share. The documentation quotes them.

/// A topic of `flagctl help TOPIC`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HelpTopic {
    Contexts,
    ExitCodes,
    Revisions,
    Targets,
}

impl HelpTopic {
    pub(crate) const ALL: [Self; 4] = [Self::Contexts, Self::ExitCodes, Self::Revisions, Self::Targets];

    /// Returns the name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Contexts => "contexts",
            Self::ExitCodes => "exit-codes",
            Self::Revisions => "revisions",
            Self::Targets => "targets",
        }
    }

    /// Returns a description for a list of topics.
    pub(crate) fn summary(self) -> &'static str {
        match self {
            Self::Contexts => "How the context of a decision is written",
            Self::ExitCodes => "What the exit codes mean",
            Self::Revisions => "How commits, times and ranges are named",
            Self::Targets => "Where environments are published, and who is trusted",
        }
    }

    /// Returns the text.
    pub(crate) fn page(self) -> &'static str {
        match self {
            Self::Contexts => include_str!("topics/contexts.md"),
            Self::ExitCodes => include_str!("topics/exit-codes.md"),
            Self::Revisions => include_str!("topics/revisions.md"),
            Self::Targets => include_str!("topics/targets.md"),
        }
    }
}

/// Returns a list of the topics, one line each.
pub(crate) fn list() -> String {
    HelpTopic::ALL.iter().map(|topic| format!("\n  {:<11}  {}", topic.name(), topic.summary())).collect()
}
