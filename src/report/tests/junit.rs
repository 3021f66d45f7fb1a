//! What tests found as JUnit's XML: a suite for each file, a test case for each expectation.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::codes::Severity;
use crate::diag::{Diagnostic, Finding};
use crate::report::findings::junit::{escape, line};
use crate::report::tests::human::{explain, other};
use crate::report::{TestReport, Validation};
use crate::snapshot::FileId;
use crate::test::{Check, CheckResult, CheckStatus, TestedDecision};

/// What stands in one file.
#[derive(Default)]
struct Suite<'r> {
    checks: Vec<&'r Check<'r>>,
    /// Errors that are no expectations.
    errors: Vec<&'r Finding>,
}

impl Suite<'_> {
    fn ended(&self, ending: CheckStatus) -> usize {
        self.checks.iter().filter(|check| check.result.status() == ending).count()
    }

    fn errors(&self) -> usize {
        self.errors.len() + self.ended(CheckStatus::Unknown)
    }

    fn tests(&self) -> usize {
        self.checks.len() + self.errors.len()
    }
}

pub(crate) fn write(report: &TestReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    let validation = &report.validation;
    let mut suites: BTreeMap<FileId, Suite<'_>> = BTreeMap::new();
    for check in &report.results.checks {
        suites.entry(check.span.file).or_default().checks.push(check);
    }
    for finding in validation.findings.iter().filter(|finding| other(finding)) {
        suites.entry(finding.diagnostic.span.file).or_default().errors.push(finding);
    }
    let sum = |count: fn(&Suite<'_>) -> usize| suites.values().map(count).sum::<usize>();
    let (tests, failures) = (sum(|suite| suite.tests()), sum(|suite| suite.ended(CheckStatus::Failed)));
    let errors = sum(|suite| suite.errors());
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<testsuites name="flagctl" tests="{tests}" failures="{failures}" errors="{errors}">"#)?;
    for (file, suite) in &suites {
        let path = format!("{}{}", validation.prefix, validation.snapshot.file(*file).path);
        let (failures, skipped) = (suite.ended(CheckStatus::Failed), suite.ended(CheckStatus::NotRun));
        writeln!(
            out,
            r#"  <testsuite name="{}" tests="{}" failures="{failures}" errors="{}" skipped="{skipped}">"#,
            escape(&path),
            suite.tests(),
            suite.errors()
        )?;
        for check in &suite.checks {
            write_check(validation, check, out)?;
        }
        for finding in &suite.errors {
            writeln!(out, r#"    <testcase name="{}" classname="flagctl.test">"#, finding.diagnostic.code)?;
            write_finding(validation, "error", finding, &[], out)?;
            writeln!(out, "    </testcase>")?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

/// What became of one test case, as `tag` says it.
fn write_finding(
    validation: &Validation<'_>,
    tag: &str,
    finding: &Finding,
    decided: &[TestedDecision<'_>],
    out: &mut dyn Write,
) -> io::Result<()> {
    let (code, message) = (finding.diagnostic.code, escape(&finding.diagnostic.message));
    writeln!(out, r#"      <{tag} message="{message}" type="{code}">"#)?;
    writeln!(out, "{}", escape(&line(validation, finding)))?;
    for decided in decided {
        writeln!(out, "\n{}", escape(explain(decided).trim_end()))?;
    }
    writeln!(out, "      </{tag}>")
}

fn write_check(validation: &Validation<'_>, check: &Check<'_>, out: &mut dyn Write) -> io::Result<()> {
    let person = check.context.map_or(String::new(), |name| format!(" for {name}"));
    let name = escape(&format!("{}: {} in {}{person}", check.name, check.flag, check.environment));
    let class = format!("flagctl.test.{}", escape(check.flag));
    if matches!(check.result, CheckResult::Passed) {
        return writeln!(out, r#"    <testcase name="{name}" classname="{class}"/>"#);
    }
    writeln!(out, r#"    <testcase name="{name}" classname="{class}">"#)?;
    let finding = |diagnostic: &Diagnostic| Finding { severity: Severity::Error, diagnostic: diagnostic.clone() };
    match &check.result {
        CheckResult::Passed => {}
        CheckResult::NotRun => writeln!(out, "      <skipped/>")?,
        CheckResult::Unknown(diagnostic) => write_finding(validation, "error", &finding(diagnostic), &[], out)?,
        CheckResult::Failed(failure) => {
            write_finding(validation, "failure", &finding(&failure.diagnostic), &failure.decided, out)?;
        }
    }
    writeln!(out, "    </testcase>")
}
