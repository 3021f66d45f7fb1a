//! A writer of JUnit's XML for the formats `findings/junit.rs` and `tests/junit.rs`.
//!
//! The writer takes suites of test cases, and returns an XML document that conforms to the schema of Jenkins. It does
//! not use the library `quick-junit`, because that library does not write the number of skipped cases of a suite.

use std::io::{self, Write};

use crate::report::escape::xml;

/// A group of test cases.
pub(crate) struct Suite {
    pub(crate) name: String,
    pub(crate) cases: Vec<Case>,
}

/// A test case.
pub(crate) struct Case {
    pub(crate) name: String,
    /// The prefix of the name, with dots: `flagctl.validate`.
    pub(crate) class: String,
    pub(crate) result: CaseResult,
    /// Texts that do not make the case fail, one line each. The list may be empty.
    pub(crate) output: Vec<String>,
}

/// The result of a test case.
pub(crate) enum CaseResult {
    Passed,
    Skipped,
    /// The case ran, and its result differs from the expected result.
    Failure(Problem),
    /// The case could not run.
    Error(Problem),
}

/// The reason why a test case did not pass.
pub(crate) struct Problem {
    /// The code of the diagnostic, which becomes the attribute `type`.
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// The details, one text each.
    pub(crate) details: Vec<String>,
}

/// The numbers in the attributes of a suite.
#[derive(Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Suite {
    fn counts(&self) -> Counts {
        let mut counts = Counts { tests: self.cases.len(), ..Counts::default() };
        for case in &self.cases {
            match case.result {
                CaseResult::Passed => {}
                CaseResult::Skipped => counts.skipped += 1,
                CaseResult::Failure(_) => counts.failures += 1,
                CaseResult::Error(_) => counts.errors += 1,
            }
        }
        counts
    }
}

/// Writes the document.
pub(crate) fn write(suites: &[Suite], out: &mut dyn Write) -> io::Result<()> {
    let mut sum = Counts::default();
    for suite in suites {
        let counts = suite.counts();
        sum.tests += counts.tests;
        sum.failures += counts.failures;
        sum.errors += counts.errors;
    }
    let Counts { tests, failures, errors, .. } = sum;
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<testsuites name="flagctl" tests="{tests}" failures="{failures}" errors="{errors}">"#)?;
    for suite in suites {
        let (name, Counts { tests, failures, errors, skipped }) = (xml(&suite.name), suite.counts());
        writeln!(
            out,
            r#"  <testsuite name="{name}" tests="{tests}" failures="{failures}" errors="{errors}" skipped="{skipped}">"#
        )?;
        for case in &suite.cases {
            write_case(case, out)?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

fn write_case(case: &Case, out: &mut dyn Write) -> io::Result<()> {
    let (name, class) = (xml(&case.name), xml(&case.class));
    if matches!(case.result, CaseResult::Passed) && case.output.is_empty() {
        return writeln!(out, r#"    <testcase name="{name}" classname="{class}"/>"#);
    }
    writeln!(out, r#"    <testcase name="{name}" classname="{class}">"#)?;
    match &case.result {
        CaseResult::Passed => {}
        CaseResult::Skipped => writeln!(out, "      <skipped/>")?,
        CaseResult::Failure(problem) => write_problem("failure", problem, out)?,
        CaseResult::Error(problem) => write_problem("error", problem, out)?,
    }
    if !case.output.is_empty() {
        writeln!(out, "      <system-out>")?;
        for line in &case.output {
            writeln!(out, "{}", xml(line))?;
        }
        writeln!(out, "      </system-out>")?;
    }
    writeln!(out, "    </testcase>")
}

fn write_problem(element: &str, Problem { code, message, details }: &Problem, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, r#"      <{element} message="{}" type="{code}">"#, xml(message))?;
    for detail in details {
        writeln!(out, "{}", xml(detail))?;
    }
    writeln!(out, "      </{element}>")
}
