//! The results of tests for people: findings, with the trace of each unexpected decision.

use std::collections::BTreeMap;

use crate::diag::quoted_list;
use crate::report::findings::human;
use crate::report::tests::coverage;
use crate::report::tests::report::{TestReport, explain, is_file_error, kills_left_out};
use crate::report::text::{Screen, counted};
use crate::report::{Lines, Role, StyledText};
use crate::snapshot::Span;
use crate::test::{CheckResult, CheckStatus, FailedCheck, TestResults};

/// The maximum number of explained decisions. If a change makes all tests fail, the first few explanations are
/// sufficient.
const EXPLAINED: usize = 20;

pub(crate) fn lines(report: &TestReport<'_>, screen: Screen) -> Lines {
    let mut lines = Lines::default();
    let failures = failures(report.results);
    let mut explained = 0;
    for (finding, _) in report.validation.shown_new().findings {
        human::add_finding(&report.validation, finding, screen.colour, &mut lines);
        let failure = failures.get(&(finding.diagnostic.span, finding.diagnostic.message.as_str()));
        for decided in failure.iter().flat_map(|failure| &failure.decided) {
            if explained < EXPLAINED {
                explained += 1;
                lines.append(&explain(decided));
                lines.add("");
            }
        }
    }
    if let Some(coverage) = report.coverage {
        lines.table(&coverage::table(coverage, screen.width));
        lines.add("");
    }
    let counts = [CheckStatus::Passed, CheckStatus::Failed, CheckStatus::Unknown, CheckStatus::NotRun]
        .map(|status| (status, report.results.count(status)));
    let counts = counts.into_iter().filter(|(status, count)| *count > 0 || *status == CheckStatus::Passed);
    let counts = counts.map(|(status, count)| {
        let role = (count > 0).then_some(status_role(status));
        StyledText::default().with(role, format!("{count} {}", status.name()))
    });
    let counts = StyledText::joined(counts, ", ");
    let errors = report.validation.findings.iter().filter(|finding| is_file_error(finding)).count();
    match report.results.checks.as_slice() {
        [] if errors == 0 => lines.add(no_tests(report.environments)),
        _ if errors == 0 => lines.add(counts),
        _ => lines.add(counts.plain("; ").with(Role::Bad, counted(errors, "error"))),
    }
    report.validation.not_shown().into_iter().for_each(|line| lines.add(line));
    report.validation.already_in_base().into_iter().for_each(|line| lines.add(line));
    kills_left_out(report.kills_left_out).into_iter().for_each(|line| lines.add(line));
    lines
}

/// Returns that there are no tests for the environments of `-e`, or none at all.
fn no_tests(environments: &[String]) -> String {
    let test = "a test is a case or an assertion in a file `tests/**/*.yaml`";
    match quoted_list(environments.iter().map(String::as_str)).as_str() {
        "" => format!("no tests found: {test}"),
        names => format!("no tests found for {names}: {test}, and may name its `environments`"),
    }
}

/// Returns the role of a number of checks.
fn status_role(status: CheckStatus) -> Role {
    match status {
        CheckStatus::Passed => Role::Good,
        CheckStatus::Failed => Role::Bad,
        CheckStatus::Unknown => Role::Caution,
        CheckStatus::NotRun => Role::Minor,
    }
}

/// Returns the failures by the span and the message of their findings.
fn failures<'r>(results: &'r TestResults<'r>) -> BTreeMap<(Span, &'r str), &'r FailedCheck<'r>> {
    let failed = results.checks.iter().filter_map(|check| match &check.result {
        CheckResult::Failed(failure) => Some(failure.as_ref()),
        _ => None,
    });
    failed.map(|failure| ((failure.diagnostic.span, failure.diagnostic.message.as_str()), failure)).collect()
}
