//! A verdict in the formats of CI services.

use std::collections::BTreeSet;

use crate::report::Printable;
use crate::report::findings::ci::{CheckProblem, Level, github_commands, gitlab_report, junit_report, sarif_log};
use crate::report::policy::human::{lines, markdown_section};
use crate::report::policy::json::{PolicyJson, RefusalJson};
use crate::snapshot::PROJECT_FILE;

/// The name of the check in these formats.
const CHECK: &str = "policy";

/// The formats of a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum PolicyFormat {
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
    /// JUnit's XML, in which each flag in an environment is a test case.
    Junit,
    /// For a comment on a pull request.
    Markdown,
}

/// Returns a verdict in a format.
///
/// # Errors
/// Returns the error of serde if the verdict cannot be written as JSON.
pub fn printable(policy: &PolicyJson, format: PolicyFormat) -> Result<Printable, serde_json::Error> {
    match format {
        PolicyFormat::Human => Ok(lines(policy).into()),
        PolicyFormat::Json => Printable::json(policy),
        PolicyFormat::Sarif => sarif_log(&problems(policy)),
        PolicyFormat::Github => Ok(github_commands(&problems(policy))),
        PolicyFormat::Gitlab => gitlab_report(&problems(policy)),
        PolicyFormat::Junit => Ok(junit(policy)),
        PolicyFormat::Markdown => Ok(Printable::markdown(markdown_section(policy).trim_start())),
    }
}

fn problems(policy: &PolicyJson) -> Vec<CheckProblem> {
    let problem = |refusal: &RefusalJson| {
        let RefusalJson { rule, flag, environment, problem, allowed, from, .. } = refusal;
        CheckProblem {
            check: CHECK,
            rule,
            level: Level::Error,
            text: format!("`{flag}` in {environment}: {problem}; allowed from {from}: {allowed}"),
            // The settings have the policy.
            path: refusal.path.as_deref().unwrap_or(PROJECT_FILE).to_owned(),
            line: refusal.line.unwrap_or(1),
            identity: format!("{environment}/{flag}"),
            case: case((flag, environment)),
        }
    };
    policy.refusals.iter().map(problem).collect()
}

/// Returns JUnit's XML with a case for each flag in an environment.
fn junit(policy: &PolicyJson) -> Printable {
    let changes = policy.changes.iter().map(|change| (change.flag.as_str(), change.environment.as_str()));
    let refusals = policy.refusals.iter().map(|refusal| (refusal.flag.as_str(), refusal.environment.as_str()));
    let cases: BTreeSet<(&str, &str)> = changes.chain(refusals).collect();
    junit_report(CHECK, cases.into_iter().map(case), &problems(policy))
}

fn case((flag, environment): (&str, &str)) -> String {
    format!("{flag} in {environment}")
}
