//! Findings as JUnit's XML. Each file is a test case.

use std::collections::BTreeMap;

use crate::codes::Severity;
use crate::diag::{Age, Finding};
use crate::report::Printable;
use crate::report::findings::validation::Validation;
use crate::report::junit;
use crate::report::junit::{Case, CaseResult, Problem, Suite};

pub(crate) fn document(validation: &Validation<'_>) -> Printable {
    let mut files: BTreeMap<String, Vec<(&Finding, Age)>> = BTreeMap::new();
    for path in validation.checked {
        files.entry(format!("{}{path}", validation.prefix)).or_default();
    }
    for (finding, age) in validation.aged() {
        files.entry(validation.path(finding.diagnostic.span)).or_default().push((finding, age));
    }
    let cases = files.into_iter().map(|(path, findings)| {
        let fails = |(finding, age): &(&Finding, Age)| finding.severity == Severity::Error && *age == Age::New;
        let (errors, others): (Vec<_>, Vec<_>) = findings.into_iter().partition(fails);
        let lines =
            |findings: &[(&Finding, Age)]| findings.iter().map(|(finding, _)| validation.line(finding)).collect();
        // A case has at most one failure, whose message is that of the first error. A warning, and an error that the
        // earlier state has, do not make a case fail.
        let result = match errors.first() {
            None => CaseResult::Passed,
            Some((first, _)) => CaseResult::Failure(Problem {
                code: first.diagnostic.code.name(),
                message: first.diagnostic.message.clone(),
                details: lines(&errors),
            }),
        };
        Case { name: path, class: "flagctl.validate".to_owned(), result, output: lines(&others) }
    });
    junit::document(&[Suite { name: "validate".to_owned(), properties: Vec::new(), cases: cases.collect() }])
}
