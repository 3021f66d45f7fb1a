//! The results of tests for people: findings, with the trace of each unexpected decision.

use std::collections::BTreeMap;

use crate::report::Lines;
use crate::report::findings::human;
use crate::report::tests::coverage;
use crate::report::tests::report::{TestReport, explain, is_file_error, kills_left_out};
use crate::report::text::{Colour, counted};
use crate::snapshot::Span;
use crate::test::{CheckResult, CheckStatus, FailedCheck, TestResults};

/// The maximum number of explained decisions. If a change makes all tests fail, the first few explanations are
/// sufficient.
const EXPLAINED: usize = 20;

pub(crate) fn lines(report: &TestReport<'_>, colour: Colour) -> Lines {
    let mut lines = Lines::default();
    let failures = failures(report.results);
    let mut explained = 0;
    for (finding, _) in report.validation.shown_new().findings {
        human::add_finding(&report.validation, finding, colour, &mut lines);
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
        lines.table(&coverage::table(coverage, report.width));
        lines.add("");
    }
    let counts = [CheckStatus::Passed, CheckStatus::Failed, CheckStatus::Unknown, CheckStatus::NotRun]
        .map(|status| (status, report.results.count(status)));
    let counts = counts.into_iter().filter(|(status, count)| *count > 0 || *status == CheckStatus::Passed);
    let counts: Vec<String> = counts.map(|(status, count)| format!("{count} {}", status.name())).collect();
    let errors = report.validation.findings.iter().filter(|finding| is_file_error(finding)).count();
    let errors = if errors == 0 { String::new() } else { format!("; {}", counted(errors, "error")) };
    match report.results.checks.as_slice() {
        [] if errors.is_empty() => {
            lines.add("no tests found: a test is a case or an assertion in a file `tests/**/*.yaml`")
        }
        _ => lines.add(format!("{}{errors}", counts.join(", "))),
    }
    report.validation.not_shown().into_iter().for_each(|line| lines.add(line));
    report.validation.already_in_base().into_iter().for_each(|line| lines.add(line));
    kills_left_out(report.kills_left_out).into_iter().for_each(|line| lines.add(line));
    lines
}

/// Returns the failures by the span and the message of their findings.
fn failures<'r>(results: &'r TestResults<'r>) -> BTreeMap<(Span, &'r str), &'r FailedCheck<'r>> {
    let failed = results.checks.iter().filter_map(|check| match &check.result {
        CheckResult::Failed(failure) => Some(failure.as_ref()),
        _ => None,
    });
    failed.map(|failure| ((failure.diagnostic.span, failure.diagnostic.message.as_str()), failure)).collect()
}
