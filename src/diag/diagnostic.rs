//! One problem, without its severity.

use crate::codes::Code;
use crate::diag::fix::{Advice, Fix};
use crate::snapshot::{Snapshot, Span};

/// One problem in the definitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The kind of problem.
    pub code: Code,
    /// The position of the problem.
    pub span: Span,
    /// The problem, in lower case and without a full stop.
    pub message: String,
    /// An additional remark at the position.
    pub label: Option<String>,
    /// Related positions, each with an explanation.
    pub related: Vec<(Span, String)>,
    /// Advice on how to fix the problem.
    pub help: Option<String>,
    /// The change that removes the problem, if there is exactly one.
    pub fix: Option<Fix>,
    /// The position of the list with the problem. An allow comment on its line suppresses the problems of all entries.
    pub list: Option<Span>,
}

impl Diagnostic {
    /// Returns the message with its position: `flags/new-checkout.yaml:12:5: unknown variant`.
    pub fn located(&self, snapshot: &Snapshot) -> String {
        format!("{}: {}", snapshot.location(self.span), self.message)
    }

    /// Creates a diagnostic that has only a message.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            span,
            message: message.into(),
            label: None,
            related: Vec::new(),
            help: None,
            fix: None,
            list: None,
        }
    }

    /// Creates the diagnostic that replaces all further problems of a definition or file.
    pub fn too_many(span: Span, limit: usize) -> Self {
        Self::new(Code::LimitExceeded, span, format!("more than {limit} problems; the others are not reported"))
            .help("fix these problems first")
    }

    /// Adds a remark at the position.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Adds advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds advice, unless it is `None`.
    #[must_use]
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// Adds advice with its change, unless it is `None`.
    #[must_use]
    pub fn advice(mut self, advice: impl Into<Option<Advice>>) -> Self {
        if let Some(Advice { help, fix }) = advice.into() {
            (self.help, self.fix) = (Some(help), fix);
        }
        self
    }

    /// Adds the change that removes the problem, unless it is `None`.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<Option<Fix>>) -> Self {
        self.fix = fix.into();
        self
    }

    /// Adds the position of the list, on whose line an allow comment suppresses this problem, too.
    #[must_use]
    pub fn in_list(mut self, list: Option<Span>) -> Self {
        self.list = list;
        self
    }

    /// Adds a related position with an explanation.
    #[must_use]
    pub fn related(mut self, span: Span, label: impl Into<String>) -> Self {
        self.related.push((span, label.into()));
        self
    }
}

/// Diagnostics in the order in which they were found, possibly with repetitions.
pub type Diagnostics = Vec<Diagnostic>;
