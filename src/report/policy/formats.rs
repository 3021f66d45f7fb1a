//! A verdict in the formats of CI services.

use serde_json::{Value as Json, json};

use crate::report::Printable;
use crate::report::escape::{github_command, github_property, sarif, uri_path};
use crate::report::findings::gitlab::{Issue, Lines, Location, report};
use crate::report::findings::sarif::log;
use crate::report::junit;
use crate::report::junit::{Case, CaseResult, Problem, Suite};
use crate::report::policy::human::{lines, markdown_section};
use crate::report::policy::json::{PolicyJson, RefusalJson};

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
        PolicyFormat::Sarif => sarif_document(policy),
        PolicyFormat::Github => Ok(github(policy)),
        PolicyFormat::Gitlab => gitlab(policy),
        PolicyFormat::Junit => Ok(junit(policy)),
        PolicyFormat::Markdown => Ok(Printable::markdown(markdown_section(policy).trim_start())),
    }
}

/// Returns a refusal as one text.
fn text(refusal: &RefusalJson) -> String {
    let RefusalJson { flag, environment, problem, allowed, from, .. } = refusal;
    format!("`{flag}` in {environment}: {problem}; allowed from {from}: {allowed}")
}

/// Returns the path of the file, or that of the settings if it is not known.
fn path(refusal: &RefusalJson) -> &str {
    refusal.path.as_deref().unwrap_or("flagctl.yaml")
}

fn fingerprint(refusal: &RefusalJson) -> String {
    format!("policy/{}/{}/{}", refusal.rule, refusal.environment, refusal.flag)
}

fn sarif_document(policy: &PolicyJson) -> Result<Printable, serde_json::Error> {
    let result = |refusal: &RefusalJson| -> Json {
        json!({
            "ruleId": format!("policy/{}", refusal.rule),
            "level": "error",
            "message": {"text": sarif(&text(refusal))},
            "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": uri_path(path(refusal)), "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": refusal.line.unwrap_or(1)},
            }}],
            "partialFingerprints": {"flagctl/v1": fingerprint(refusal)},
        })
    };
    log(Vec::new(), policy.refusals.iter().map(result).collect(), &[])
}

fn github(policy: &PolicyJson) -> Printable {
    let command = |refusal: &RefusalJson| {
        let (file, line) = (github_property(path(refusal)), refusal.line.unwrap_or(1));
        format!("::error file={file},line={line},title=policy {}::{}\n", refusal.rule, github_command(&text(refusal)))
    };
    Printable::workflow_commands(policy.refusals.iter().map(command).collect())
}

fn gitlab(policy: &PolicyJson) -> Result<Printable, serde_json::Error> {
    report(policy.refusals.iter().map(|refusal| {
        let line = refusal.line.unwrap_or(1);
        Issue {
            description: text(refusal),
            check_name: format!("policy/{}", refusal.rule),
            fingerprint: fingerprint(refusal),
            severity: "major",
            location: Location { path: path(refusal).to_owned(), lines: Lines { begin: line, end: line } },
        }
    }))
}

fn junit(policy: &PolicyJson) -> Printable {
    let mut names: Vec<(&str, &str)> = policy
        .changes
        .iter()
        .map(|change| (change.flag.as_str(), change.environment.as_str()))
        .chain(policy.refusals.iter().map(|refusal| (refusal.flag.as_str(), refusal.environment.as_str())))
        .collect();
    names.sort_unstable();
    names.dedup();
    let case = |(flag, environment): (&str, &str)| {
        let own = |refusal: &&RefusalJson| (refusal.flag.as_str(), refusal.environment.as_str()) == (flag, environment);
        let refusals: Vec<&RefusalJson> = policy.refusals.iter().filter(own).collect();
        let result = match refusals.first() {
            None => CaseResult::Passed,
            Some(first) => CaseResult::Failure(Problem {
                code: first.rule,
                message: text(first),
                details: refusals.iter().map(|refusal| text(refusal)).collect(),
            }),
        };
        Case {
            name: format!("{flag} in {environment}"),
            class: "flagctl.policy".to_owned(),
            result,
            output: Vec::new(),
        }
    };
    let cases = names.into_iter().map(case).collect();
    junit::document(&[Suite { name: "policy".to_owned(), properties: Vec::new(), cases }])
}
