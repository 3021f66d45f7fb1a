//! Findings as JUnit's XML. Each file is a test case.

use std::collections::BTreeMap;

use crate::codes::Severity;
use crate::diag::{Age, Finding};
use crate::report::Printable;
use crate::report::findings::validation::Validation;
use crate::report::junit;
use crate::report::junit::{Case, CaseResult, Problem, Suite};

/// The findings in one file.
#[derive(Default)]
struct FileFindings<'r> {
    /// The first error that makes the case fail, whether or not the report shows it.
    failure: Option<&'r Finding>,
    /// The lines of the errors that make the case fail.
    failures: Vec<String>,
    /// The lines of warnings, and of errors that the earlier state has.
    others: Vec<String>,
}

pub(crate) fn document(validation: &Validation<'_>) -> Printable {
    let mut files: BTreeMap<String, FileFindings<'_>> = BTreeMap::new();
    for path in validation.checked {
        files.entry(format!("{}{path}", validation.prefixes.programs)).or_default();
    }
    let fails = |finding: &Finding, age: Age| finding.severity == Severity::Error && age == Age::New;
    for (finding, _) in validation.aged().filter(|(finding, age)| fails(finding, *age)) {
        let file = files.entry(validation.path(finding.diagnostic.span)).or_default();
        file.failure.get_or_insert(finding);
    }
    let shown = validation.shown();
    for (finding, age) in shown.findings {
        let file = files.entry(validation.path(finding.diagnostic.span)).or_default();
        let lines = if fails(finding, age) { &mut file.failures } else { &mut file.others };
        lines.push(validation.line(finding));
    }
    let cases = files.into_iter().map(|(path, FileFindings { failure, failures, others })| {
        // A case has at most one failure, whose message is that of the first error. A warning, and an error that the
        // earlier state has, do not make a case fail.
        let result = failure.map_or(CaseResult::Passed, |first| {
            CaseResult::Failure(Problem {
                code: first.diagnostic.code.name(),
                message: first.diagnostic.message.clone(),
                details: failures,
            })
        });
        Case { name: path, class: "flagctl.validate".to_owned(), result, output: others }
    });
    let omitted = shown.omitted.total();
    let properties = if omitted == 0 { Vec::new() } else { vec![("findings-left-out", omitted.to_string())] };
    junit::document(&[Suite { name: "validate".to_owned(), properties, cases: cases.collect() }])
}
