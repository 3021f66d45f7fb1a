//! The results of tests as flagctl's own JSON.

use serde::Serialize;

use crate::analyze::Share;
use crate::git::Revision;
use crate::report::Printable;
use crate::report::findings::json::{BaseJson, FindingJson, findings};
use crate::report::tests::report::TestReport;
use crate::snapshot::{FileId, Snapshot, Span};
use crate::test::{CheckStatus, FlagCoverage};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'r> {
    /// The version of this structure.
    version: u32,
    /// The full id of the commit of the files. It is absent for the working folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    passed: usize,
    failed: usize,
    unknown: usize,
    not_run: usize,
    /// The number of kills in the repository that the decisions ignore.
    kills_left_out: usize,
    #[serde(flatten)]
    base: Option<BaseJson>,
    /// The number of findings that the options leave out. It is absent if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    omitted: Option<usize>,
    findings: Vec<FindingJson<'r>>,
    checks: Vec<CheckJson<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<Vec<CoverageJson<'r>>>,
}

#[derive(Serialize)]
struct CheckJson<'r> {
    path: String,
    line: usize,
    name: &'r str,
    flag: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<&'r str>,
    environment: &'r str,
    result: &'static str,
    /// The share of units, from 0 to 1, that exceeds the bound of an `at_most`.
    #[serde(skip_serializing_if = "Option::is_none")]
    share: Option<f64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CoverageJson<'r> {
    flag: &'r str,
    rules: CountJson,
    variants: CountJson,
    idle_rules: &'r [String],
    idle_variants: &'r [String],
}

#[derive(Serialize)]
struct CountJson {
    covered: usize,
    total: usize,
}

/// Finds the line numbers of checks. It counts lines from one check to the next, so it reads each part of a file only
/// once. Checks are in the order of their files, and a golden matrix may have tens of thousands of checks.
struct LineCounter<'r> {
    snapshot: &'r Snapshot,
    file: Option<FileId>,
    offset: usize,
    line: usize,
}

impl LineCounter<'_> {
    /// Returns the number of the line in which the span begins. Line numbers start at one.
    fn line(&mut self, span: Span) -> usize {
        let start = span.start as usize;
        if self.file != Some(span.file) || start < self.offset {
            (self.file, self.offset, self.line) = (Some(span.file), 0, 1);
        }
        let between = self.snapshot.file(span.file).text.get(self.offset..start).unwrap_or_default();
        self.line += between.bytes().filter(|byte| *byte == b'\n').count();
        self.offset = start;
        self.line
    }
}

pub(crate) fn document(report: &TestReport<'_>) -> Result<Printable, serde_json::Error> {
    let validation = &report.validation;
    let mut checks = Vec::with_capacity(report.results.checks.len());
    let mut lines = LineCounter { snapshot: validation.snapshot, file: None, offset: 0, line: 1 };
    for check in &report.results.checks {
        checks.push(CheckJson {
            path: validation.path(check.span),
            line: lines.line(check.span),
            name: &check.name,
            flag: check.flag,
            context: check.context,
            environment: check.environment,
            result: check.result.status().name(),
            share: check.result.share().map(Share::as_f64),
        });
    }
    let (findings, omitted) = findings(validation);
    let written = Report {
        version: 1,
        commit: validation.revision.map(Revision::commit),
        passed: report.results.count(CheckStatus::Passed),
        failed: report.results.count(CheckStatus::Failed),
        unknown: report.results.count(CheckStatus::Unknown),
        not_run: report.results.count(CheckStatus::NotRun),
        kills_left_out: report.kills_left_out,
        base: BaseJson::of(validation),
        omitted,
        findings,
        checks,
        coverage: report.coverage.map(|flags| flags.iter().map(coverage).collect()),
    };
    Printable::json(&written)
}

fn coverage(coverage: &FlagCoverage) -> CoverageJson<'_> {
    let count = |(covered, total)| CountJson { covered, total };
    CoverageJson {
        flag: &coverage.flag,
        rules: count(coverage.rules),
        variants: count(coverage.variants),
        idle_rules: &coverage.uncovered_rules,
        idle_variants: &coverage.uncovered_variants,
    }
}
