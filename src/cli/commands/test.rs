//! `flagctl test`: checks the expectations in test files, and proves the assertions.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::analyze::Budget;
use crate::cli::console;
use crate::cli::console::OutputStream;
use crate::cli::environment_arg::{EnvironmentFilter, check_environment};
use crate::cli::exit::Exit;
use crate::cli::global::Global;
use crate::cli::golden_update::{GoldenFiles, write_golden_files};
use crate::cli::new_since_arg::NewSince;
use crate::cli::path_arg::{folder_for_commands, path_in_repository, path_prefixes};
use crate::cli::progress;
use crate::cli::range::earlier_revision_of;
use crate::cli::revision_arg::At;
use crate::cli::shown_findings_arg::ShownFindings;
use crate::cli::until_exit::keep_until_exit;
use crate::codes::{Code, Severity};
use crate::compile::compile_environments;
use crate::diag;
use crate::diag::{Age, CheckedFiles, Diagnostic, Diagnostics, Finding, Problem};
use crate::diff::Endpoint;
use crate::git::Revision;
use crate::history::{UnknownBaseline, baseline_bundles};
use crate::load;
use crate::load::{FlagScope, Loaded};
use crate::model::{Kill, RepositoryKills, TESTS};
use crate::report;
use crate::report::findings::{BaseReport, FindingsFormat, Validation};
use crate::report::tests::TestReport;
use crate::source::Source;
use crate::test;
use crate::test::{Check, CheckResult, CheckStatus, TestBundles};
use crate::yaml::Completeness;

/// Check what test files expect, and prove what they assert
///
/// A test file is `tests/**/*.yaml`. It has contexts with the variant that each must get, and assertions that must hold
/// for all contexts. `flagctl schema test` describes every field. Kills are temporary, so tests are decided as if no flag
/// were killed. A test file may name flags that are killed in its tests, in `kills`. Exits with 1 if a test fails, and with 3 if an
/// assertion takes too much work to prove.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl test -e production --coverage")]
pub(crate) struct Args {
    /// A flag repository, or test files and folders in one, instead of all test files
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    environments: EnvironmentFilter,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    new_since: NewSince,
    #[command(flatten)]
    shown: ShownFindings,
    /// Decide with the kills of the repository, which are left out otherwise
    #[arg(long, conflicts_with = "update")]
    with_kills: bool,
    /// Show which rules and variants no test decided by
    #[arg(long)]
    coverage: bool,
    /// Rewrite the cells of golden matrices with the present decisions
    #[arg(long, conflicts_with_all = ["at", "environment"])]
    update: bool,
    /// How to write the results
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: FindingsFormat,
}

/// Whether to write golden matrices that differ from the decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GoldenUpdate {
    Write,
    Keep,
}

/// The state of the definitions that is tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tested {
    /// The state that the user asks about.
    Asked,
    /// The earlier state of `--new-since`, with all of its tests.
    Base,
}

/// The definitions and the results of a run.
struct Outcome<'r> {
    loaded: &'r Loaded,
    findings: &'r [Finding],
    results: &'r test::TestResults<'r>,
    left_out: &'r [Kill],
    coverage: Option<&'r [test::FlagCoverage]>,
}

pub(crate) fn run(args: &Args, global: &Global) -> Result<Exit> {
    let source = args.at.source(args.paths.first().map_or(Path::new("."), PathBuf::as_path))?;
    let base = args.new_since.revision(&source)?;
    let update = if args.update { GoldenUpdate::Write } else { GoldenUpdate::Keep };
    tested(args, global, (&source, Tested::Asked), update, |outcome| {
        let problems = problems(outcome);
        let ages = base.as_ref().map(|base| ages(args, global, base, outcome, &problems)).transpose()?;
        let all_new = vec![Age::New; problems.len()];
        let exit = exit(outcome, ages.as_ref().unwrap_or(&all_new));
        let base = base.as_ref().zip(ages.as_deref()).map(|(revision, ages)| BaseReport { revision, ages });
        write(args, &source, outcome, base)?;
        Ok(exit)
    })
}

/// Returns the exit for the problems with these ages.
fn exit(outcome: &Outcome<'_>, ages: &[Age]) -> Exit {
    if outcome.loaded.project.settings.completeness == Completeness::Incomplete {
        return Exit::Failed;
    }
    let findings = outcome.findings.iter().zip(ages).filter(|(_, age)| **age == Age::New);
    let findings: Vec<&Finding> = findings.map(|(finding, _)| finding).collect();
    let is_unproven = |finding: &&Finding| finding.diagnostic.code == Code::UndecidedAssertion;
    match findings.as_slice() {
        [] if !ages.contains(&Age::New) => Exit::Yes,
        [_, ..] if findings.iter().all(is_unproven) => Exit::Failed,
        _ => Exit::No,
    }
}

/// Runs the tests of a source, and calls `then` with the outcome.
fn tested<T>(
    args: &Args,
    global: &Global,
    (source, state): (&Source, Tested),
    update: GoldenUpdate,
    then: impl FnOnce(&Outcome<'_>) -> Result<T>,
) -> Result<T> {
    let settings = load::settings(source)?;
    if settings.project.settings.completeness == Completeness::Incomplete {
        let (findings, results) = (errors(settings.settle(Vec::new())), test::TestResults { checks: Vec::new() });
        let (loaded, findings, results) = (&settings, findings.as_slice(), &results);
        return then(&Outcome { loaded, findings, results, left_out: &[], coverage: None });
    }
    let names = environments(args, &settings, state)?;
    let paths = match state {
        Tested::Asked => args.paths.iter().map(|path| path_in_repository(path, source)).collect::<Result<Vec<_>>>()?,
        Tested::Base => Vec::new(),
    };
    let scope = if args.coverage { FlagScope::All } else { FlagScope::Tested };
    let load = || load::selected_tests(source, settings, &paths, &names, scope);
    let mut loaded = progress::shown("reading flags", load)?;
    if state == Tested::Asked && !args.shown.is_quiet() {
        args.at.note(source)?;
    }
    let names = if args.coverage { names } else { load::tested_environments(names, &loaded.project.suites) };
    let kills = if args.with_kills { RepositoryKills::Counted } else { RepositoryKills::LeftOut };
    let left_out = match kills {
        RepositoryKills::Counted => Vec::new(),
        RepositoryKills::LeftOut => leave_kills_out(&mut loaded, &names),
    };
    let loaded = keep_until_exit(loaded);
    let compiled = compile_environments(&loaded.project, &names.iter().map(String::as_str).collect::<Vec<_>>());
    let (bundles, diagnostics): (Vec<_>, Vec<Diagnostics>) = compiled.into_iter().unzip();
    let bundles = keep_until_exit(bundles);
    let mut diagnostics: Diagnostics = diagnostics.into_iter().flatten().collect();
    let keys = load::keys_for_advice(source, &loaded)?;
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let test_bundles = keep_until_exit(TestBundles::new(&bundles, &loaded.project.suites));
    let (plan, wrong_names) = test::plan(&loaded.project, &test_bundles, &keys);
    let plan = keep_until_exit(plan);
    diagnostics.extend(wrong_names);
    if update == GoldenUpdate::Write && write_golden_files(&plan, &loaded, source)? == GoldenFiles::Changed {
        return tested(args, global, (source, state), GoldenUpdate::Keep, then);
    }
    let find = |text: &str| earlier_revision_of(source, text).map_err(|error| format!("{error:#}"));
    let baselines = keep_until_exit(baseline_bundles(plan.baselines(), find, kills)?);
    let unknown =
        |baseline: &UnknownBaseline| Diagnostic::new(Code::UnknownRevision, baseline.span, baseline.reason.clone());
    diagnostics.extend(baselines.unknown.iter().map(unknown));
    let results =
        keep_until_exit(progress::shown("testing", || test::run(&plan, &baselines.bundles, &Budget::default())));
    let folder = folder_for_commands(global.folder.as_deref(), source);
    let of_check = |check| diagnostic(check, folder.as_deref(), source, &left_out);
    diagnostics.extend(results.checks.iter().filter_map(of_check));
    let mut findings = keep_until_exit(errors(loaded.settle(diagnostics)));
    // This command reports other errors only if they prevent a test from running. `flagctl validate` reports all of
    // them.
    if results.count(CheckStatus::NotRun) == 0 {
        let in_test = |finding: &Finding| loaded.snapshot.file(finding.diagnostic.span.file).path.starts_with(TESTS);
        findings.retain(in_test);
    }
    let coverage = args.coverage.then(|| test::coverage(&loaded.project, &bundles, &results));
    then(&Outcome {
        loaded: &loaded,
        findings: &findings,
        results: &results,
        left_out: &left_out,
        coverage: coverage.as_deref(),
    })
}

/// Returns the problem of each finding, in their order, and then a problem for each check that did not run.
fn problems(outcome: &Outcome<'_>) -> Vec<Problem> {
    let snapshot = &outcome.loaded.snapshot;
    // A failed check stays the same if it finds another value, or a context that breaks it in another way.
    let problem = |check: &Check<'_>| Problem {
        kind: check.result.status().name(),
        severity: Severity::Error,
        file: check.span.file,
        subject: [&check.name, check.flag, check.environment, check.context.unwrap_or(""), snapshot.text(check.span)]
            .join("\0"),
        count: check.result.count(),
    };
    let mut by_finding = BTreeMap::new();
    for check in &outcome.results.checks {
        if let Some(diagnostic) = check.result.diagnostic() {
            by_finding.insert((diagnostic.span, diagnostic.code, diagnostic.message.as_str()), check);
        }
    }
    let of_finding = |finding: &Finding| {
        let key = (finding.diagnostic.span, finding.diagnostic.code, finding.diagnostic.message.as_str());
        by_finding.get(&key).map_or_else(|| Problem::of(finding), |check| problem(check))
    };
    let not_run = outcome.results.checks.iter().filter(|check| check.result.status() == CheckStatus::NotRun);
    outcome.findings.iter().map(of_finding).chain(not_run.map(problem)).collect()
}

/// Returns the ages of the problems. Tests the base only if there are problems.
fn ages(
    args: &Args,
    global: &Global,
    base: &Revision,
    after: &Outcome<'_>,
    problems_after: &[Problem],
) -> Result<Vec<Age>> {
    let is_incomplete = after.loaded.project.settings.completeness == Completeness::Incomplete;
    if problems_after.is_empty() || is_incomplete {
        return Ok(vec![Age::New; problems_after.len()]);
    }
    let source = Source::Revision(base.clone());
    tested(args, global, (&source, Tested::Base), GoldenUpdate::Keep, |before| {
        let (incomplete_before, incomplete_after) = (before.loaded.incomplete_files(), after.loaded.incomplete_files());
        let files_before = CheckedFiles { snapshot: &before.loaded.snapshot, incomplete: &incomplete_before };
        let files_after = CheckedFiles { snapshot: &after.loaded.snapshot, incomplete: &incomplete_after };
        Ok(diag::ages((&problems(before), files_before), (problems_after, files_after)))
    })
}

/// Returns the environments of the tests, in the order of promotion. The base may lack some of them.
fn environments(args: &Args, settings: &Loaded, state: Tested) -> Result<Vec<String>> {
    let settings = &settings.project.settings;
    if state == Tested::Asked {
        args.environments.given.iter().try_for_each(|name| check_environment(name, settings))?;
    }
    let (all, given) = (settings.environment_names().map(str::to_owned), &args.environments.given);
    Ok(all.filter(|name| given.is_empty() || given.contains(name)).collect())
}

/// Removes all kills from the project. Returns the kills of the flags that were read, in these environments.
fn leave_kills_out(loaded: &mut Loaded, environments: &[String]) -> Vec<Kill> {
    let project = &mut loaded.project;
    let mut kills = std::mem::take(&mut project.kills);
    kills.retain(|kill| environments.contains(&kill.environment) && project.flag(&kill.flag).is_some());
    kills
}

/// Returns the findings that can make a test fail. They do not include unused allow comments, because a test run does
/// not search for all problems that an allow comment can suppress.
fn errors(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.retain(|finding| finding.severity == Severity::Error && finding.diagnostic.code != Code::UnusedAllow);
    findings
}

/// Returns the reason why a check did not pass, with the command that repeats its decisions.
fn diagnostic(check: &Check<'_>, folder: Option<&Path>, source: &Source, left_out: &[Kill]) -> Option<Diagnostic> {
    let diagnostic = check.result.diagnostic()?.clone();
    let CheckResult::Failed(failure) = &check.result else { return Some(diagnostic) };
    let is_left_out = left_out.iter().any(|kill| kill.environment == check.environment);
    let kills = if is_left_out { RepositoryKills::LeftOut } else { RepositoryKills::Counted };
    let command = report::tests::command(failure, folder, &Endpoint::of(source), kills);
    let advice = diagnostic.help.as_ref().map_or_else(String::new, |advice| format!("{advice}; "));
    Some(diagnostic.maybe_help(command.map(|command| format!("{advice}try {command}"))))
}

fn write(args: &Args, source: &Source, outcome: &Outcome<'_>, base: Option<BaseReport<'_>>) -> Result<()> {
    let validation = Validation {
        findings: outcome.findings,
        snapshot: &outcome.loaded.snapshot,
        prefixes: &path_prefixes(source),
        selection: &args.shown.selection(),
        revision: source.revision(),
        checked: &[],
        base,
        fixes: &[],
        contents: "",
    };
    let report = TestReport {
        validation,
        results: outcome.results,
        environments: &args.environments.given,
        kills_left_out: outcome.left_out.len(),
        coverage: outcome.coverage,
    };
    let screen = OutputStream::Stdout.screen();
    args.shown.write(&validation, args.format, || report::tests::printable(&report, args.format, screen))?;
    // These formats have only findings.
    if !args.shown.is_quiet()
        && matches!(args.format, FindingsFormat::Sarif | FindingsFormat::Github | FindingsFormat::Gitlab)
        && let Some(line) = report::tests::kills_left_out(report.kills_left_out)
    {
        console::note(line);
    }
    Ok(())
}
