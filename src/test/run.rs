//! Runs a test plan: decides expectations and golden cells, and proves assertions.

use rayon::prelude::*;

use crate::analyze::Budget;
use crate::test::assertion::BaselineBundles;
use crate::test::case::PlannedExpectation;
use crate::test::plan::TestPlan;
use crate::test::result::{Check, TestResults};

/// Runs all checks of the plan, each proof within the budget, and returns the results in the order of the test files.
///
/// [`TestPlan::baselines`] lists the earlier revisions that the plan needs. A check whose baseline is missing from
/// `baselines` is [`NotRun`](crate::test::CheckResult::NotRun).
pub fn run<'p>(plan: &TestPlan<'p>, baselines: &'p BaselineBundles, budget: &Budget) -> TestResults<'p> {
    let mut checks: Vec<Check<'p>> = plan.expectations.par_iter().map(PlannedExpectation::check).collect();
    checks.par_extend(plan.assertions.par_iter().map(|assertion| assertion.check(baselines, budget)));
    for golden in &plan.goldens {
        checks.extend(golden.checks());
    }
    // The sort is stable: checks with the same position keep the order of environments and contexts.
    checks.sort_by_key(|check| (check.span.file, check.span.start));
    TestResults { checks }
}
