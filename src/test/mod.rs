//! Runs the tests of a project: expectations, golden matrices and assertions.
//!
//! The input is a project with its test files and the bundles of its environments. [`plan()`] resolves the names in the
//! test files and returns a [`TestPlan`], with diagnostics for unknown names. [`run()`] decides every expectation and
//! golden cell, proves every assertion for all contexts, and returns the [`TestResults`].
//!
//! Planning and running are separate because an assertion such as `monotone_since` needs earlier revisions: the caller
//! reads the list of revisions from the plan, compiles them, and passes them to [`run()`].
//!
//! **Invariant:** every decision comes from [`decide`](crate::eval::decide), for a context that an application could
//! send.
//! **Invariant:** tests never read the clock. A check of a flag that depends on `now` is not run if the test file sets
//! no time. A proof is valid for every time.

mod assertion;
mod case;
mod context;
mod coverage;
mod golden;
mod golden_update;
mod kills;
mod mismatch;
mod plan;
mod resolver;
mod result;
mod run;
mod unit_search;

pub use crate::test::assertion::BaselineBundles;
pub use crate::test::coverage::{FlagCoverage, coverage};
pub use crate::test::golden_update::{GoldenUpdateError, UpdatedGolden};
pub use crate::test::kills::TestBundles;
pub use crate::test::plan::{TestPlan, plan};
pub use crate::test::result::{Check, CheckResult, CheckStatus, CoverageHit, FailedCheck, TestResults, TestedDecision};
pub use crate::test::run::run;
