//! The result of `flagctl test`, and functions that several formats share.

use std::path::Path;

use crate::codes::Code;
use crate::diag::Finding;
use crate::diff::Endpoint;
use crate::eval::{nearest, trace};
use crate::model::RepositoryKills;
use crate::report::Lines;
use crate::report::decision::{explanation, human};
use crate::report::eval_command::{EvalCommand, EvalKills};
use crate::report::findings::Validation;
use crate::test::{FailedCheck, FlagCoverage, TestResults, TestedDecision};

/// The results of all checks, and the findings for failed checks.
#[derive(Debug, Clone, Copy)]
pub struct TestReport<'r> {
    /// The findings for failed checks and for errors in the files.
    pub validation: Validation<'r>,
    /// The result of every expectation and assertion.
    pub results: &'r TestResults<'r>,
    /// The environments of `-e`. The list is empty if all were tested.
    pub environments: &'r [String],
    /// The number of kills in the repository that the decisions ignore.
    pub kills_left_out: usize,
    /// The coverage of every flag, or `None` without `--coverage`.
    pub coverage: Option<&'r [FlagCoverage]>,
}

/// Returns whether the finding is an error in a file, and not the result of a check.
pub(crate) fn is_file_error(finding: &Finding) -> bool {
    let results = [Code::FailedExpectation, Code::FailedAssertion, Code::UndecidedAssertion];
    !results.contains(&finding.diagnostic.code)
}

/// Returns the sentence about kills that the decisions ignore, if there are any.
pub fn kills_left_out(number: usize) -> Option<String> {
    match number {
        0 => None,
        1 => Some("1 kill is left out; `--with-kills` counts it".to_owned()),
        _ => Some(format!("{number} kills are left out; `--with-kills` counts them")),
    }
}

/// Returns the command that repeats the decisions of a failed check, or `None` if nothing was decided. `folder` is the
/// folder of `-C` that the command needs. `kills` says whether the decisions respect the kills of the repository.
pub fn command(
    failure: &FailedCheck<'_>,
    folder: Option<&Path>,
    endpoint: &Endpoint,
    kills: RepositoryKills,
) -> Option<String> {
    let TestedDecision { bundle, context, now, kills: assumed, .. } = failure.decided.first()?;
    let mut flags: Vec<&str> = Vec::new();
    for TestedDecision { flag, .. } in &failure.decided {
        if !flags.contains(&flag.key.as_ref()) {
            flags.push(&flag.key);
        }
    }
    let mut conditions = failure.decided.iter().flat_map(|decided| decided.flag.conditions());
    let timed = conditions.any(|condition| bundle.depends_on_time(condition));
    let (environment, attributes) = (bundle.environment.as_ref(), &bundle.attributes);
    let now = timed.then_some(*now);
    let assumed: Vec<&str> = assumed.iter().map(|key| key.value.as_str()).collect();
    let kills = EvalKills { repository: kills, assumed: &assumed };
    Some(EvalCommand { folder, flags: &flags, environment, endpoint, attributes, context, kills, now }.line())
}

/// Returns a decision and its trace, in the format of `flagctl eval --explain`.
pub(crate) fn explain(decided: &TestedDecision<'_>) -> Lines {
    let TestedDecision { bundle, flag, context, now, .. } = decided;
    let trace = trace(bundle, flag, context, *now);
    let nearest = nearest(bundle, flag, context, *now);
    let mut lines = human::decision(bundle, flag, context, *now, &trace.decision);
    lines.add("");
    lines.append(&explanation::explanation(bundle, flag, &trace, nearest.as_ref()));
    lines
}
