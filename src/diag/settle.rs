//! Decides the severity of diagnostics.

use std::collections::{BTreeMap, BTreeSet};

use crate::codes::{Adjustable, Code, Severity};
use crate::diag::allow::{Allow, remove_comment};
use crate::diag::diagnostic::{Diagnostic, Diagnostics};
use crate::snapshot::{FileId, Snapshot, Span};

/// A diagnostic whose severity has been decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The severity in this project.
    pub severity: Severity,
    /// The problem.
    pub diagnostic: Diagnostic,
}

/// The maximum number of findings in one file.
const MAX_FINDINGS: usize = 1_000;

/// The level at which a project reports a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The code is reported with this severity.
    Report(Severity),
    /// The code is not reported.
    Off,
}

/// The levels of the codes that do not have their default level.
pub type Levels = BTreeMap<Code, Level>;

/// Decides the severity of each diagnostic.
///
/// Removes diagnostics that an allow comment or the level `off` suppresses, consequences of other diagnostics, and
/// repetitions. Reports allow comments that suppress nothing. Sorts the findings by file, offset and code, and reports
/// only the first `MAX_FINDINGS` of each file.
pub fn settle(mut diagnostics: Diagnostics, levels: &Levels, allows: &[Allow], snapshot: &Snapshot) -> Vec<Finding> {
    drop_consequences(&mut diagnostics);
    let mut used = vec![false; allows.len()];
    if !allows.is_empty() {
        diagnostics.retain(|diagnostic| {
            let covers = |allow: &Allow, span: Span| {
                allow.span.file == span.file && allow.line == snapshot.position(span.file, span.start).0
            };
            let spans = [Some(diagnostic.span), diagnostic.list];
            let covering = allows.iter().position(|allow| {
                allow.code == diagnostic.code && spans.into_iter().flatten().any(|span| covers(allow, span))
            });
            if let Some(used) = covering.and_then(|index| used.get_mut(index)) {
                *used = true;
            }
            covering.is_none()
        });
    }
    for (allow, used) in allows.iter().zip(used) {
        if !used {
            let message = format!("no `{}` is reported on this line", allow.code);
            let diagnostic = Diagnostic::new(Code::UnusedAllow, allow.span, message);
            diagnostics.push(diagnostic.advice(remove_comment(allow.span)));
        }
    }
    diagnostics.sort_by(|a, b| {
        let key = |d: &Diagnostic| (d.span.file, d.span.start, d.code, d.span.end);
        key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
    });
    diagnostics.dedup_by(|a, b| (a.span, a.code, &a.message) == (b.span, b.code, &b.message));
    let mut in_file = (FileId(0), 0);
    let capped = diagnostics.into_iter().filter_map(|diagnostic| {
        let file = diagnostic.span.file;
        in_file = if in_file.0 == file { (file, in_file.1 + 1) } else { (file, 1) };
        match in_file.1 {
            ..=MAX_FINDINGS => Some(diagnostic),
            number => (number == MAX_FINDINGS + 1).then(|| Diagnostic::too_many(diagnostic.span, MAX_FINDINGS)),
        }
    });
    let findings = capped.filter_map(|diagnostic| {
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

/// Keeps only one diagnostic for each scalar in a doubtful notation. If a number cannot be represented, other
/// diagnostics about it add nothing. If a scalar is an error, a warning that people could misread it adds nothing.
fn drop_consequences(diagnostics: &mut Diagnostics) {
    let spans = |code: Code, diagnostics: &Diagnostics| -> BTreeSet<Span> {
        diagnostics.iter().filter(|diagnostic| diagnostic.code == code).map(|diagnostic| diagnostic.span).collect()
    };
    let inexact = spans(Code::InexactNumber, diagnostics);
    diagnostics.retain(|diagnostic| diagnostic.code == Code::InexactNumber || !inexact.contains(&diagnostic.span));
    let ambiguous = spans(Code::AmbiguousScalar, diagnostics);
    let others = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.code != Code::AmbiguousScalar && ambiguous.contains(&diagnostic.span));
    let wrong: BTreeSet<Span> = others.map(|diagnostic| diagnostic.span).collect();
    diagnostics.retain(|diagnostic| diagnostic.code != Code::AmbiguousScalar || !wrong.contains(&diagnostic.span));
}
