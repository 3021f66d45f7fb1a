//! What is wrong with definitions, and how much it weighs.
//!
//! Takes codes and spans; gives [`Diagnostics`], and from them, with the project's levels and the inline
//! allows, a settled and sorted list of [`Finding`]s.
//!
//! **Invariant:** whoever finds a problem does not know its severity; it is decided in [`settle`] alone.

mod allow;

pub use crate::diag::allow::Allow;

use std::collections::{BTreeMap, BTreeSet};

use crate::codes::{Adjustable, Code, Severity};
use crate::snapshot::{Snapshot, Span};

/// One problem in the definitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which problem.
    pub code: Code,
    /// Where it is.
    pub span: Span,
    /// What is wrong, in a sentence without a full stop.
    pub message: String,
    /// What is wrong at the span, if more can be said than the message does.
    pub label: Option<String>,
    /// Other places that take part, each with what it has to do with it.
    pub related: Vec<(Span, String)>,
    /// What to do.
    pub help: Option<String>,
}

impl Diagnostic {
    /// Returns the message with its position: `flags/new-checkout.yaml:12:5: unknown variant`.
    pub fn located(&self, snapshot: &Snapshot) -> String {
        format!("{}: {}", snapshot.location(self.span), self.message)
    }

    /// A problem with nothing but a message.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { code, span, message: message.into(), label: None, related: Vec::new(), help: None }
    }

    /// Says what is wrong at the span.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says what to do, if there is anything to say.
    #[must_use]
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// Points at another place that takes part.
    #[must_use]
    pub fn related(mut self, span: Span, label: impl Into<String>) -> Self {
        self.related.push((span, label.into()));
        self
    }
}

/// Problems as they are found, in any order, perhaps several times.
pub type Diagnostics = Vec<Diagnostic>;

/// A diagnostic whose severity has been decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How much it weighs here.
    pub severity: Severity,
    /// What was found.
    pub diagnostic: Diagnostic,
}

/// What a project makes of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Reported with that severity.
    Report(Severity),
    /// Not reported.
    Off,
}

/// Severities by code, where they differ from the codes' own.
pub type Levels = BTreeMap<Code, Level>;

/// Applies levels and allows; sorts by file, offset and code, and drops repetitions.
pub fn settle(mut diagnostics: Diagnostics, levels: &Levels, allows: &[Allow], snapshot: &Snapshot) -> Vec<Finding> {
    drop_consequences(&mut diagnostics);
    let mut used = vec![false; allows.len()];
    if !allows.is_empty() {
        diagnostics.retain(|diagnostic| {
            let line = || snapshot.position(diagnostic.span.file, diagnostic.span.start).0;
            let covering = allows.iter().position(|allow| {
                allow.code == diagnostic.code && allow.span.file == diagnostic.span.file && allow.line == line()
            });
            if let Some(used) = covering.and_then(|at| used.get_mut(at)) {
                *used = true;
            }
            covering.is_none()
        });
    }
    for (allow, used) in allows.iter().zip(used) {
        if !used {
            let message = format!("nothing here is `{}`", allow.code);
            diagnostics.push(Diagnostic::new(Code::UnusedAllow, allow.span, message).help("remove the comment"));
        }
    }
    diagnostics.sort_by(|a, b| {
        let place = |d: &Diagnostic| (d.span.file, d.span.start, d.code, d.span.end);
        place(a).cmp(&place(b)).then_with(|| a.message.cmp(&b.message))
    });
    diagnostics.dedup_by(|a, b| (a.span, a.code, &a.message) == (b.span, b.code, &b.message));
    let findings = diagnostics.into_iter().filter_map(|diagnostic| {
        let own = Level::Report(diagnostic.code.severity());
        let level = match diagnostic.code.adjustable() {
            Adjustable::Yes => levels.get(&diagnostic.code).copied().unwrap_or(own),
            Adjustable::No => own,
        };
        match level {
            Level::Report(severity) => Some(Finding { severity, diagnostic }),
            Level::Off => None,
        }
    });
    findings.collect()
}

/// Leaves one problem of each scalar that is written in a doubtful way: a number that cannot be held has no
/// meaning to complain of, and where the meaning is wrong anyway, that it could be misread adds nothing.
fn drop_consequences(diagnostics: &mut Diagnostics) {
    let spans = |code: Code, diagnostics: &Diagnostics| -> BTreeSet<Span> {
        diagnostics.iter().filter(|one| one.code == code).map(|one| one.span).collect()
    };
    let inexact = spans(Code::InexactNumber, diagnostics);
    diagnostics.retain(|one| one.code == Code::InexactNumber || !inexact.contains(&one.span));
    let ambiguous = spans(Code::AmbiguousScalar, diagnostics);
    let others = diagnostics.iter().filter(|one| one.code != Code::AmbiguousScalar && ambiguous.contains(&one.span));
    let wrong: BTreeSet<Span> = others.map(|one| one.span).collect();
    diagnostics.retain(|one| one.code != Code::AmbiguousScalar || !wrong.contains(&one.span));
}

/// The name of the list that was probably meant, as help; none if no name is close.
pub fn did_you_mean<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<String> {
    closest(name, known).map(|close| format!("did you mean `{close}`?"))
}

/// The closest name of the list, if one is close enough to have been meant.
pub fn closest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    const CLOSE: f64 = 0.8;
    let lower = name.to_lowercase();
    let scored = known.into_iter().map(|one| (strsim::jaro_winkler(&lower, &one.to_lowercase()), one));
    let best = scored.filter(|(score, _)| *score >= CLOSE).max_by(|a, b| a.0.total_cmp(&b.0));
    best.map(|(_, one)| one)
}

/// Returns names as code, separated by commas: "`a`, `b`".
pub fn quoted_list<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
