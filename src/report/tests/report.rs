//! The result of `flagctl test`, and functions that several formats share.

use crate::codes::Code;
use crate::diag::Finding;
use crate::eval::{nearest, trace};
use crate::report::decision::{explanation, human};
use crate::report::findings::Validation;
use crate::test::{FlagCoverage, TestResults, TestedDecision};

/// The results of all checks, and the findings for failed checks.
#[derive(Debug, Clone, Copy)]
pub struct TestReport<'r> {
    /// The findings for failed checks and for errors in the files.
    pub validation: Validation<'r>,
    /// The result of every expectation and assertion.
    pub results: &'r TestResults<'r>,
    /// The coverage of every flag, or `None` without `--coverage`.
    pub coverage: Option<&'r [FlagCoverage]>,
    /// The width of the terminal in columns, or `None` if the output is not a terminal.
    pub width: Option<u16>,
}

/// Returns whether the finding is an error in a file, and not the result of a check.
pub(crate) fn is_file_error(finding: &Finding) -> bool {
    let results = [Code::FailedExpectation, Code::FailedAssertion, Code::UndecidedAssertion];
    !results.contains(&finding.diagnostic.code)
}

/// Returns a decision and its trace, in the format of `flagctl eval --explain`.
pub(crate) fn explain(decided: &TestedDecision<'_>) -> String {
    let TestedDecision { bundle, flag, context, now } = decided;
    let trace = trace(bundle, flag, context, *now);
    let nearest = nearest(bundle, flag, context, *now);
    let decision = human::decision(bundle, flag, context, *now, &trace.decision);
    format!("{decision}\n{}", explanation::explanation(bundle, flag, &trace, nearest.as_ref()))
}
