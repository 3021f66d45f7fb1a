//! Whether flags give what test files expect.
//!
//! Takes a project with its test files and the bundles of its environments; gives a [`TestPlan`] with diagnostics for
//! names that refer to nothing, and from it the [`TestResults`]. Assertions about all contexts are proven.
//!
//! **Invariant:** every decision is [`decide`](crate::eval::decide)'s, for a context that an application could send.
//! **Invariant:** no clock: what asks for `now` and is given none is not run, and what is proven is so at any moment.

mod assertion;
mod case;
mod context;
mod coverage;
mod golden;
mod mismatch;
mod plan;
mod unit_search;

pub use crate::test::assertion::BaselineBundles;
pub use crate::test::coverage::{FlagCoverage, coverage};
pub use crate::test::golden::{GoldenUpdateError, UpdatedGolden};
pub use crate::test::plan::{TestPlan, plan};

use jiff::Timestamp;
use rayon::prelude::*;

use crate::analyze::Budget;
use crate::bundle::{Bundle, Flag, VariantId};
use crate::diag::Diagnostic;
use crate::eval::Context;
use crate::snapshot::Span;

/// What became of every expectation and assertion.
#[derive(Debug)]
pub struct TestResults<'p> {
    /// In the order of the files and their cases.
    pub checks: Vec<Check<'p>>,
}

impl TestResults<'_> {
    /// How many checks ended so.
    pub fn count(&self, ending: CheckStatus) -> usize {
        self.checks.iter().filter(|check| check.result.status() == ending).count()
    }
}

/// One expectation, for one context or all of a matrix, or one assertion, for all contexts, in one environment.
#[derive(Debug)]
pub struct Check<'p> {
    /// What is expected, in its file.
    pub span: Span,
    /// The case's name, or its place in the file: `case 2`.
    pub name: String,
    /// The flag's key.
    pub flag: &'p str,
    /// The context's name, if it has one.
    pub context: Option<&'p str>,
    /// The environment's name.
    pub environment: &'p str,
    /// What became of it.
    pub result: CheckResult<'p>,
    /// What was decided on the way, each once.
    pub hits: Vec<CoverageHit>,
}

/// A rule that decided, if one did, and what was served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoverageHit {
    /// The rule's place.
    pub rule: Option<usize>,
    /// The variant's place.
    pub variant: VariantId,
}

/// What became of a check.
#[derive(Debug)]
pub enum CheckResult<'p> {
    /// All was as expected.
    Passed,
    /// Something was not.
    Failed(Box<FailedCheck<'p>>),
    /// It takes too much work to prove.
    Unknown(Box<Diagnostic>),
    /// The flag or the context is broken, and a diagnostic says why.
    NotRun,
}

impl CheckResult<'_> {
    /// Why it has not passed; none if it has, or if another diagnostic says it.
    pub fn diagnostic(&self) -> Option<&Diagnostic> {
        match self {
            Self::Failed(failure) => Some(&failure.diagnostic),
            Self::Unknown(diagnostic) => Some(diagnostic),
            Self::Passed | Self::NotRun => None,
        }
    }

    /// Which of the four it is.
    pub fn status(&self) -> CheckStatus {
        match self {
            Self::Passed => CheckStatus::Passed,
            Self::Failed(_) => CheckStatus::Failed,
            Self::Unknown(_) => CheckStatus::Unknown,
            Self::NotRun => CheckStatus::NotRun,
        }
    }
}

/// How a check can end.
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
    /// As reports write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::NotRun => "not run",
        }
    }
}

/// An expectation that was not met, or an assertion that does not hold.
#[derive(Debug)]
pub struct FailedCheck<'p> {
    /// What was expected, and what found.
    pub diagnostic: Diagnostic,
    /// The decisions that show it, for whoever explains it; none if nothing was decided.
    pub decided: Vec<TestedDecision<'p>>,
}

/// All that a decision depends on.
#[derive(Debug)]
pub struct TestedDecision<'p> {
    /// The environment.
    pub bundle: &'p Bundle,
    /// One of its flags.
    pub flag: &'p Flag,
    /// For whom.
    pub context: Context<'static>,
    /// AssertionScope.
    pub now: Timestamp,
}

/// Decides and proves everything that was planned, each proof within the budget.
///
/// What the plan needs of the past is in [`TestPlan::since`]; what is missing there is not run.
pub fn run<'p>(plan: &TestPlan<'p>, past: &'p BaselineBundles, budget: &Budget) -> TestResults<'p> {
    let mut checks: Vec<Check<'p>> = plan.cases.par_iter().map(case::PlannedExpectation::check).collect();
    checks.par_extend(plan.assertions.par_iter().map(|asserted| asserted.check(past, budget)));
    for golden in &plan.goldens {
        checks.extend(golden.checks());
    }
    // Stable: what stands at one place keeps the order of environments and contexts.
    checks.sort_by_key(|check| (check.span.file, check.span.start));
    TestResults { checks }
}
