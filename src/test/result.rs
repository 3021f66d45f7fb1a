//! The results of checks. A check is one expectation, one golden cell or one assertion in one environment.

use jiff::Timestamp;

use crate::analyze::Share;
use crate::bundle::{Bundle, Flag, VariantId};
use crate::diag::Diagnostic;
use crate::eval::Context;
use crate::snapshot::{Span, Spanned};

/// The results of all checks of a plan.
#[derive(Debug)]
pub struct TestResults<'p> {
    /// The checks, sorted by file and by position in the file.
    pub checks: Vec<Check<'p>>,
}

impl TestResults<'_> {
    /// Returns the number of checks with this status.
    pub fn count(&self, status: CheckStatus) -> usize {
        self.checks.iter().filter(|check| check.result.status() == status).count()
    }
}

/// One check and its result.
///
/// An expectation is one check for all combinations of its matrix. An assertion is one check for all contexts.
#[derive(Debug)]
pub struct Check<'p> {
    /// The position of the expectation, cell or assertion.
    pub span: Span,
    /// The name of the case or assertion, or its number in the file: `case 2`.
    pub name: String,
    /// The flag's key.
    pub flag: &'p str,
    /// The context's name, if it has one.
    pub context: Option<&'p str>,
    /// The environment's name.
    pub environment: &'p str,
    /// The result, with the reason if the check did not pass.
    pub result: CheckResult<'p>,
    /// The rules and variants that the check exercised, without duplicates.
    pub hits: Vec<CoverageHit>,
}

/// The rule that decided, if any, and the variant that was served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoverageHit {
    /// The index in [`Flag::rules`].
    pub rule: Option<usize>,
    /// The index in [`Flag::variants`].
    pub variant: VariantId,
}

/// The result of a check.
#[derive(Debug)]
pub enum CheckResult<'p> {
    /// Every decision is as expected, or the assertion is proven.
    Passed,
    /// A decision is not as expected, or a context violates the assertion.
    Failed(Box<FailedCheck<'p>>),
    /// The assertion is neither proven nor refuted.
    Unknown(Box<Diagnostic>),
    /// The flag or the context has errors, which other diagnostics report.
    NotRun,
}

impl CheckResult<'_> {
    /// Returns the reason why the check did not pass. Returns `None` if it passed, or if another diagnostic contains
    /// the reason.
    pub fn diagnostic(&self) -> Option<&Diagnostic> {
        match self {
            Self::Failed(failure) => Some(&failure.diagnostic),
            Self::Unknown(diagnostic) => Some(diagnostic),
            Self::Passed | Self::NotRun => None,
        }
    }

    /// Returns the share of units that exceeds the bound of an `at_most`.
    pub fn share(&self) -> Option<Share> {
        match self {
            Self::Failed(failure) => failure.share,
            Self::Unknown(_) | Self::Passed | Self::NotRun => None,
        }
    }

    /// Returns the number of decisions that are not as expected, or 1 if nothing else is known.
    pub fn count(&self) -> usize {
        match self {
            Self::Failed(failure) => failure.count,
            Self::Unknown(_) | Self::Passed | Self::NotRun => 1,
        }
    }

    /// Returns the result without its details.
    pub fn status(&self) -> CheckStatus {
        match self {
            Self::Passed => CheckStatus::Passed,
            Self::Failed(_) => CheckStatus::Failed,
            Self::Unknown(_) => CheckStatus::Unknown,
            Self::NotRun => CheckStatus::NotRun,
        }
    }
}

/// A [`CheckResult`] without its details.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckStatus {
    /// [`CheckResult::Passed`]
    Passed,
    /// [`CheckResult::Failed`]
    Failed,
    /// [`CheckResult::Unknown`]
    Unknown,
    /// [`CheckResult::NotRun`]
    NotRun,
}

impl CheckStatus {
    /// Returns the name of the status in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::NotRun => "not run",
        }
    }
}

/// An expectation that is not met, or an assertion that does not hold.
#[derive(Debug)]
pub struct FailedCheck<'p> {
    /// The expected and the actual result.
    pub diagnostic: Diagnostic,
    /// The decisions that show the failure, which reports explain. The list is empty if nothing was decided.
    pub decided: Vec<TestedDecision<'p>>,
    /// The share of units that get the variant, if it exceeds the bound of an `at_most`.
    pub share: Option<Share>,
    /// The number of decisions that are not as expected.
    pub count: usize,
}

/// The inputs of a decision.
#[derive(Debug)]
pub struct TestedDecision<'p> {
    /// The bundle of the environment.
    pub bundle: &'p Bundle,
    /// The flags that the test file kills. They are killed in the bundle.
    pub kills: &'p [Spanned<String>],
    /// A flag of the bundle.
    pub flag: &'p Flag,
    /// The context.
    pub context: Context<'static>,
    /// The time of the decision.
    pub now: Timestamp,
}
