//! A writer of JUnit's XML for the formats `findings/junit.rs` and `tests/junit.rs`.
//!
//! The writer takes suites of test cases, and returns an XML document that conforms to the schema of Jenkins. It does
//! not use the library `quick-junit`, because that library does not write the number of skipped cases of a suite.

use crate::report::Printable;
use crate::report::escape::xml;

/// A group of test cases.
pub(crate) struct Suite {
    pub(crate) name: String,
    /// Facts about the run, each with its name.
    pub(crate) properties: Vec<(&'static str, String)>,
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

/// Returns the document.
pub(crate) fn document(suites: &[Suite]) -> Printable {
    let mut out = String::new();
    let mut sum = Counts::default();
    for suite in suites {
        let counts = suite.counts();
        sum.tests += counts.tests;
        sum.failures += counts.failures;
        sum.errors += counts.errors;
    }
    let Counts { tests, failures, errors, .. } = sum;
    out += "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    out += &format!("<testsuites name=\"flagctl\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\">\n");
    for suite in suites {
        let (name, Counts { tests, failures, errors, skipped }) = (xml(&suite.name), suite.counts());
        out += &format!(
            "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\">\n"
        );
        if !suite.properties.is_empty() {
            out += "    <properties>\n";
            for (name, value) in &suite.properties {
                out += &format!("      <property name=\"{}\" value=\"{}\"/>\n", xml(name), xml(value));
            }
            out += "    </properties>\n";
        }
        for case in &suite.cases {
            write_case(case, &mut out);
        }
        out += "  </testsuite>\n";
    }
    out += "</testsuites>\n";
    Printable::xml(out)
}

fn write_case(case: &Case, out: &mut String) {
    let (name, class) = (xml(&case.name), xml(&case.class));
    if matches!(case.result, CaseResult::Passed) && case.output.is_empty() {
        *out += &format!("    <testcase name=\"{name}\" classname=\"{class}\"/>\n");
        return;
    }
    *out += &format!("    <testcase name=\"{name}\" classname=\"{class}\">\n");
    match &case.result {
        CaseResult::Passed => {}
        CaseResult::Skipped => *out += "      <skipped/>\n",
        CaseResult::Failure(problem) => write_problem("failure", problem, out),
        CaseResult::Error(problem) => write_problem("error", problem, out),
    }
    if !case.output.is_empty() {
        *out += "      <system-out>\n";
        for line in &case.output {
            *out += &format!("{}\n", xml(line));
        }
        *out += "      </system-out>\n";
    }
    *out += "    </testcase>\n";
}

fn write_problem(element: &str, Problem { code, message, details }: &Problem, out: &mut String) {
    *out += &format!("      <{element} message=\"{}\" type=\"{code}\">\n", xml(message));
    for detail in details {
        *out += &format!("{}\n", xml(detail));
    }
    *out += &format!("      </{element}>\n");
}
