//! Findings as JUnit's XML. Each file is a test case.

use std::collections::BTreeMap;

use crate::codes::Severity;
use crate::diag::Finding;
use crate::report::Printable;
use crate::report::findings::validation::Validation;
use crate::report::junit;
use crate::report::junit::{Case, CaseResult, Problem, Suite};

pub(crate) fn document(validation: &Validation<'_>) -> Printable {
    let mut files: BTreeMap<String, Vec<&Finding>> = BTreeMap::new();
    for path in validation.checked {
        files.entry(format!("{}{path}", validation.prefix)).or_default();
    }
    for finding in validation.findings {
        files.entry(validation.path(finding.diagnostic.span)).or_default().push(finding);
    }
    let cases = files.into_iter().map(|(path, findings)| {
        let (errors, warnings): (Vec<&Finding>, Vec<&Finding>) =
            findings.into_iter().partition(|finding| finding.severity == Severity::Error);
        let lines = |findings: &[&Finding]| findings.iter().map(|finding| validation.line(finding)).collect();
        // A case has at most one failure, whose message is that of the first error. A warning does not make a case
        // fail.
        let result = match errors.first() {
            None => CaseResult::Passed,
            Some(first) => CaseResult::Failure(Problem {
                code: first.diagnostic.code.name(),
                message: first.diagnostic.message.clone(),
                details: lines(&errors),
            }),
        };
        Case { name: path, class: "flagctl.validate".to_owned(), result, output: lines(&warnings) }
    });
    junit::document(&[Suite { name: "validate".to_owned(), properties: Vec::new(), cases: cases.collect() }])
}
