//! `undecided-analysis`

use crate::analyze::AnalysisError;
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::snapshot::Span;

pub(super) fn report(span: Span, name: &str, failure: &AnalysisError, diagnostics: &mut Diagnostics) {
    let message = format!("whether all of `{name}` can be reached was not decided");
    let diagnostic = Diagnostic::new(Code::UndecidedAnalysis, span, message).label(failure.to_string());
    diagnostics.push(diagnostic.help("simplify its patterns, or allow this: nothing else depends on it"));
}
