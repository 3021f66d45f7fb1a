//! The check of exposures in the formats of CI services.

use std::collections::BTreeSet;

use crate::report::Printable;
use crate::report::exposures::human::{headline, lines};
use crate::report::exposures::json::{ExposureCheckJson, ExposureProblemJson};
use crate::report::findings::ci::{CheckProblem, Level, github_commands, gitlab_report, junit_report, sarif_log};

/// The name of the check in these formats.
const CHECK: &str = "exposures";
/// The test case of problems that are about no flag.
const ROWS: &str = "rows";

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
        ExposuresFormat::Sarif => sarif_log(&problems(check)),
        ExposuresFormat::Github => Ok(github_commands(&problems(check))),
        ExposuresFormat::Gitlab => gitlab_report(&problems(check)),
        ExposuresFormat::Junit => Ok(junit(check)),
    }
}

fn problems(check: &ExposureCheckJson) -> Vec<CheckProblem> {
    let problem = |problem: &ExposureProblemJson| CheckProblem {
        check: CHECK,
        rule: problem.problem,
        level: if problem.error { Level::Error } else { Level::Note },
        text: format!("{}; first: {}", headline(problem), problem.message),
        path: problem.file.clone(),
        line: usize::try_from(problem.line).unwrap_or(usize::MAX),
        identity: format!("{}/{}", problem.flag.as_deref().unwrap_or_default(), problem.file),
        case: problem.flag.as_deref().unwrap_or(ROWS).to_owned(),
    };
    check.problems.iter().map(problem).collect()
}

/// Returns JUnit's XML with a case for the rows, and one for each flag.
fn junit(check: &ExposureCheckJson) -> Printable {
    let flags = check.flags.iter().map(|flag| flag.flag.as_str());
    let flags: BTreeSet<&str> =
        flags.chain(check.problems.iter().filter_map(|problem| problem.flag.as_deref())).collect();
    junit_report(CHECK, std::iter::once(ROWS).chain(flags).map(str::to_owned), &problems(check))
}
