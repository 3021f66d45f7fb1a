//! What tests found: as findings, with the trace of each decision that was not expected.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::codes::Code;
use crate::diag::Finding;
use crate::eval::{nearest, trace};
use crate::report::Colour;
use crate::report::decision::explanation::explanation;
use crate::report::decision::human::decision;
use crate::report::findings::human;
use crate::report::tests::{TestReport, coverage};
use crate::report::text::counted;
use crate::snapshot::Span;
use crate::test::{CheckResult, CheckStatus, FailedCheck, TestResults, TestedDecision};

/// So many decisions are explained; of a change that fails everything, the first few say why.
const EXPLAINED: usize = 20;

pub(crate) fn write(report: &TestReport<'_>, colour: Colour, out: &mut dyn Write) -> io::Result<()> {
    let failures = failures(report.results);
    let mut explained = 0;
    for finding in report.validation.findings {
        human::write_finding(&report.validation, finding, colour, out)?;
        let failure = failures.get(&(finding.diagnostic.span, finding.diagnostic.message.as_str()));
        for decided in failure.iter().flat_map(|failure| &failure.decided) {
            if explained < EXPLAINED {
                explained += 1;
                writeln!(out, "{}", explain(decided))?;
            }
        }
    }
    if let Some(coverage) = report.coverage {
        writeln!(out, "{}", coverage::table(coverage, report.width))?;
    }
    let counts = [CheckStatus::Passed, CheckStatus::Failed, CheckStatus::Unknown, CheckStatus::NotRun]
        .map(|ending| (ending, report.results.count(ending)));
    let counts = counts.into_iter().filter(|(ending, count)| *count > 0 || *ending == CheckStatus::Passed);
    let counts: Vec<String> = counts.map(|(ending, count)| format!("{count} {}", ending.name())).collect();
    let others = report.validation.findings.iter().filter(|finding| other(finding)).count();
    let others = if others == 0 { String::new() } else { format!("; {}", counted(others, "error")) };
    writeln!(out, "{}{others}", counts.join(", "))
}

/// Whether a finding is something else than what became of a check.
pub(crate) fn other(finding: &Finding) -> bool {
    let of_checks = [Code::FailedExpectation, Code::FailedAssertion, Code::UndecidedAssertion];
    !of_checks.contains(&finding.diagnostic.code)
}

fn failures<'r>(results: &'r TestResults<'r>) -> BTreeMap<(Span, &'r str), &'r FailedCheck<'r>> {
    let failed = results.checks.iter().filter_map(|check| match &check.result {
        CheckResult::Failed(failure) => Some(failure.as_ref()),
        _ => None,
    });
    failed.map(|failure| ((failure.diagnostic.span, failure.diagnostic.message.as_str()), failure)).collect()
}

/// The decision and its trace, as `eval --explain` has them.
pub(crate) fn explain(decided: &TestedDecision<'_>) -> String {
    let TestedDecision { bundle, flag, context, now } = decided;
    let trace = trace(bundle, flag, context, *now);
    let nearest = nearest(bundle, flag, context, *now);
    let decision = decision(bundle, flag, context, *now, &trace.decision);
    format!("{decision}\n{}", explanation(bundle, flag, &trace, nearest.as_ref()))
}
