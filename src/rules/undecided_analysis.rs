//! `undecided-analysis`: an analysis that stopped at its bound.

use crate::analyze::AnalysisError;
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::snapshot::Span;

pub(super) fn report(span: Span, name: &str, failure: &AnalysisError, diagnostics: &mut Diagnostics) {
    let message = format!("flagctl cannot decide whether every part of `{name}` can be reached");
    let diagnostic = Diagnostic::new(Code::UndecidedAnalysis, span, message).label(failure.to_string());
    diagnostics
        .push(diagnostic.help("simplify its patterns, or allow this code; the decisions are correct in any case"));
}
