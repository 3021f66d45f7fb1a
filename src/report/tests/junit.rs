//! The results of tests as JUnit's XML. Each file is a suite, and each expectation and each assertion is a test case.

use std::collections::{BTreeMap, BTreeSet};

use crate::codes::Severity;
use crate::diag::{Age, Diagnostic, Finding};
use crate::report::Printable;
use crate::report::findings::Validation;
use crate::report::junit;
use crate::report::junit::{Case, CaseResult, Problem, Suite};
use crate::report::tests::report::{TestReport, explain, is_file_error};
use crate::snapshot::FileId;
use crate::test::{Check, CheckResult, TestedDecision};

pub(crate) fn document(report: &TestReport<'_>) -> Printable {
    let validation = &report.validation;
    let mut suites: BTreeMap<FileId, Vec<Case>> = BTreeMap::new();
    let mut old = BTreeSet::new();
    for (finding, _) in validation.aged().filter(|(_, age)| *age == Age::InBase) {
        old.insert((finding.diagnostic.span, finding.diagnostic.message.as_str()));
    }
    for check in &report.results.checks {
        let mut case = case(validation, check);
        let diagnostic = check.result.diagnostic();
        if diagnostic.is_some_and(|diagnostic| old.contains(&(diagnostic.span, diagnostic.message.as_str())))
            && let CaseResult::Failure(problem) | CaseResult::Error(problem) = case.result
        {
            // The earlier state fails in the same way, so the case must not fail.
            (case.result, case.output) = (CaseResult::Skipped, problem.details);
        }
        suites.entry(check.span.file).or_default().push(case);
    }
    for (finding, _) in validation.shown_new().findings.into_iter().filter(|(finding, _)| is_file_error(finding)) {
        suites.entry(finding.diagnostic.span.file).or_default().push(Case {
            name: finding.diagnostic.code.name().to_owned(),
            class: "flagctl.test".to_owned(),
            result: CaseResult::Error(problem(validation, finding, &[])),
            output: Vec::new(),
        });
    }
    let suites = suites.into_iter().map(|(file, cases)| {
        let name = format!("{}{}", validation.prefixes.programs, validation.snapshot.file(file).path);
        let left_out = report.kills_left_out;
        let properties = if left_out == 0 { Vec::new() } else { vec![("kills-left-out", left_out.to_string())] };
        Suite { name, properties, cases }
    });
    junit::document(&suites.collect::<Vec<_>>())
}

fn case(validation: &Validation<'_>, check: &Check<'_>) -> Case {
    let context = check.context.map_or(String::new(), |name| format!(" for {name}"));
    let finding = |diagnostic: &Diagnostic| Finding { severity: Severity::Error, diagnostic: diagnostic.clone() };
    Case {
        name: format!("{}: {} in {}{context}", check.name, check.flag, check.environment),
        class: format!("flagctl.test.{}", check.flag),
        result: match &check.result {
            CheckResult::Passed => CaseResult::Passed,
            CheckResult::NotRun => CaseResult::Skipped,
            CheckResult::Unknown(diagnostic) => CaseResult::Error(problem(validation, &finding(diagnostic), &[])),
            CheckResult::Failed(failure) => {
                CaseResult::Failure(problem(validation, &finding(&failure.diagnostic), &failure.decided))
            }
        },
        output: Vec::new(),
    }
}

/// Returns the finding in one line, and below it an explanation of each decision.
fn problem(validation: &Validation<'_>, finding: &Finding, decided: &[TestedDecision<'_>]) -> Problem {
    let mut details = vec![validation.line(finding)];
    for explanation in decided.iter().map(explain) {
        details.push(String::new());
        details.extend(explanation.iter().map(str::to_owned));
    }
    Problem { code: finding.diagnostic.code.name(), message: finding.diagnostic.message.clone(), details }
}
