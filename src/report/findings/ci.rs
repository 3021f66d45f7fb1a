//! Problems that are not diagnostics, in the formats of CI services: refusals of a policy, and problems of exposures.

use serde_json::{Value as Json, json};

use crate::report::Printable;
use crate::report::escape::{github_command, github_property, sarif, uri_path};
use crate::report::findings::gitlab::{self, Issue, Lines, Location};
use crate::report::findings::sarif::log;
use crate::report::junit::{self, Case, CaseResult, Problem, Suite};

/// What a check found.
pub(crate) struct CheckProblem {
    /// The name of the check, such as `policy`.
    pub(crate) check: &'static str,
    /// The name of the rule.
    pub(crate) rule: &'static str,
    pub(crate) level: Level,
    /// The problem in words.
    pub(crate) text: String,
    /// The path from the root of the git repository.
    pub(crate) path: String,
    /// The line, from one.
    pub(crate) line: usize,
    /// What distinguishes the problem from others of the rule, also in another commit.
    pub(crate) identity: String,
    /// The test case in JUnit's format.
    pub(crate) case: String,
}

/// Whether a problem fails the check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Error,
    Note,
}

impl CheckProblem {
    fn id(&self) -> String {
        format!("{}/{}", self.check, self.rule)
    }

    fn fingerprint(&self) -> String {
        format!("{}/{}/{}", self.check, self.rule, self.identity)
    }
}

/// Returns problems as SARIF.
///
/// # Errors
/// Returns the error of serde if they cannot be written as JSON.
pub(crate) fn sarif_log(problems: &[CheckProblem]) -> Result<Printable, serde_json::Error> {
    let result = |problem: &CheckProblem| -> Json {
        json!({
            "ruleId": problem.id(),
            "level": match problem.level { Level::Error => "error", Level::Note => "note" },
            "message": {"text": sarif(&problem.text)},
            "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": uri_path(&problem.path), "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": problem.line},
            }}],
            "partialFingerprints": {"flagctl/v1": problem.fingerprint()},
        })
    };
    log(Vec::new(), problems.iter().map(result).collect(), &[])
}

/// Returns problems as workflow commands of GitHub Actions.
pub(crate) fn github_commands(problems: &[CheckProblem]) -> Printable {
    let command = |problem: &CheckProblem| {
        let level = match problem.level {
            Level::Error => "error",
            Level::Note => "notice",
        };
        let CheckProblem { check, rule, line, .. } = problem;
        let (file, text) = (github_property(&problem.path), github_command(&problem.text));
        format!("::{level} file={file},line={line},title={check} {rule}::{text}\n")
    };
    Printable::workflow_commands(problems.iter().map(command).collect())
}

/// Returns problems as GitLab's code quality report.
///
/// # Errors
/// Returns the error of serde if they cannot be written as JSON.
pub(crate) fn gitlab_report(problems: &[CheckProblem]) -> Result<Printable, serde_json::Error> {
    gitlab::report(problems.iter().map(|problem| Issue {
        description: problem.text.clone(),
        check_name: problem.id(),
        fingerprint: problem.fingerprint(),
        severity: match problem.level {
            Level::Error => "major",
            Level::Note => "info",
        },
        location: Location { path: problem.path.clone(), lines: Lines { begin: problem.line, end: problem.line } },
    }))
}

/// Returns JUnit's XML with the cases in their order. A case fails if it has a problem that is an error.
pub(crate) fn junit_report(
    check: &'static str,
    cases: impl IntoIterator<Item = String>,
    problems: &[CheckProblem],
) -> Printable {
    let case = |name: String| {
        let own = problems.iter().filter(|problem| problem.level == Level::Error && problem.case == name);
        let own: Vec<&CheckProblem> = own.collect();
        let detail = |problem: &&CheckProblem| format!("{}:{}: {}", problem.path, problem.line, problem.text);
        let result = match own.first() {
            None => CaseResult::Passed,
            Some(first) => CaseResult::Failure(Problem {
                code: first.rule,
                message: first.text.clone(),
                details: own.iter().map(detail).collect(),
            }),
        };
        Case { name, class: format!("flagctl.{check}"), result, output: Vec::new() }
    };
    let cases = cases.into_iter().map(case).collect();
    junit::document(&[Suite { name: check.to_owned(), properties: Vec::new(), cases }])
}
