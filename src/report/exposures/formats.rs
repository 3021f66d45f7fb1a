//! The check of exposures in the formats of CI services.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::report::Printable;
use crate::report::escape::{github_command, github_property, sarif, uri_path};
use crate::report::exposures::human::{headline, lines};
use crate::report::exposures::json::{ExposureCheckJson, ExposureProblemJson};
use crate::report::findings::gitlab::{Issue, Lines, Location, report};
use crate::report::findings::sarif::log;
use crate::report::junit;
use crate::report::junit::{Case, CaseResult, Problem, Suite};

/// The formats of the check of exposures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ExposuresFormat {
    /// Text for a terminal.
    Human,
    /// flagctl's own JSON.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Workflow commands of GitHub Actions.
    Github,
    /// GitLab's code quality report.
    Gitlab,
    /// JUnit's XML, in which each flag is a test case.
    Junit,
}

/// Returns the check in a format.
///
/// # Errors
/// Returns the error of serde if the check cannot be written as JSON.
pub fn printable(
    check: &ExposureCheckJson,
    format: ExposuresFormat,
    width: Option<u16>,
) -> Result<Printable, serde_json::Error> {
    match format {
        ExposuresFormat::Human => Ok(lines(check, width).into()),
        ExposuresFormat::Json => Printable::json(check),
        ExposuresFormat::Sarif => sarif_document(check),
        ExposuresFormat::Github => Ok(github(check)),
        ExposuresFormat::Gitlab => gitlab(check),
        ExposuresFormat::Junit => Ok(junit(check)),
    }
}

fn text(problem: &ExposureProblemJson) -> String {
    format!("{}; first: {}", headline(problem), problem.message)
}

fn fingerprint(problem: &ExposureProblemJson) -> String {
    format!("exposures/{}/{}/{}", problem.problem, problem.flag.as_deref().unwrap_or_default(), problem.file)
}

fn sarif_document(check: &ExposureCheckJson) -> Result<Printable, serde_json::Error> {
    let result = |problem: &ExposureProblemJson| -> Json {
        json!({
            "ruleId": format!("exposures/{}", problem.problem),
            "level": if problem.error { "error" } else { "note" },
            "message": {"text": sarif(&text(problem))},
            "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": uri_path(&problem.file), "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": problem.line},
            }}],
            "partialFingerprints": {"flagctl/v1": fingerprint(problem)},
        })
    };
    log(Vec::new(), check.problems.iter().map(result).collect(), &[])
}

fn github(check: &ExposureCheckJson) -> Printable {
    let command = |problem: &ExposureProblemJson| {
        let level = if problem.error { "error" } else { "notice" };
        let (file, line, name) = (github_property(&problem.file), problem.line, problem.problem);
        format!("::{level} file={file},line={line},title=exposures {name}::{}\n", github_command(&text(problem)))
    };
    Printable::workflow_commands(check.problems.iter().map(command).collect())
}

fn gitlab(check: &ExposureCheckJson) -> Result<Printable, serde_json::Error> {
    report(check.problems.iter().map(|problem| {
        let line = usize::try_from(problem.line).unwrap_or(usize::MAX);
        Issue {
            description: text(problem),
            check_name: format!("exposures/{}", problem.problem),
            fingerprint: fingerprint(problem),
            severity: if problem.error { "major" } else { "info" },
            location: Location { path: problem.file.clone(), lines: Lines { begin: line, end: line } },
        }
    }))
}

/// Writes one test case for the rows, and one for each flag.
fn junit(check: &ExposureCheckJson) -> Printable {
    let flags = check.flags.iter().map(|flag| flag.flag.as_str());
    let problems = check.problems.iter().filter_map(|problem| problem.flag.as_deref());
    let names: BTreeSet<&str> = flags.chain(problems).collect();
    let case = |flag: Option<&str>| {
        let own = |problem: &&ExposureProblemJson| problem.error && problem.flag.as_deref() == flag;
        let own: Vec<&ExposureProblemJson> = check.problems.iter().filter(own).collect();
        let result = match own.first() {
            None => CaseResult::Passed,
            Some(first) => CaseResult::Failure(Problem {
                code: first.problem,
                message: text(first),
                details: own
                    .iter()
                    .map(|problem| format!("{}:{}: {}", problem.file, problem.line, text(problem)))
                    .collect(),
            }),
        };
        Case {
            name: flag.unwrap_or("rows").to_owned(),
            class: "flagctl.exposures".to_owned(),
            result,
            output: Vec::new(),
        }
    };
    let cases = std::iter::once(None).chain(names.into_iter().map(Some)).map(case).collect();
    junit::document(&[Suite { name: "exposures".to_owned(), properties: Vec::new(), cases }])
}
