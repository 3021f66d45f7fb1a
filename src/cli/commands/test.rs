//! `flagctl test`: whether flags give what test files expect, and keep what they promise.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use rayon::prelude::*;

use crate::analyze::Budget;
use crate::bundle::Bundle;
use crate::cli::commands::validate::{Format, inside};
use crate::cli::revision_arg::At;
use crate::cli::{Exit, Global, Stream, baselines, check_environment, prefix, progress, terminal_width};
use crate::codes::{Code, Severity};
use crate::compile::compile;
use crate::diag::{Diagnostics, Finding};
use crate::load;
use crate::load::Loaded;
use crate::model::{FLAGS, Suite, TESTS};
use crate::report;
use crate::report::{TestReport, Validation};
use crate::snapshot::File;
use crate::source::Source;
use crate::test;
use crate::test::{Ending, Plan};
use crate::yaml::Completeness;

/// Decide what test files expect, and prove what they assert
///
/// A test file is `tests/**/*.yaml`: contexts and what flags must give each, and assertions that must hold for all
/// contexts. `flagctl schema test` has every field.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl test -e production --coverage")]
pub(crate) struct Args {
    /// A flag repository, or test files and folders of them in one; without it, all of `tests`
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Decide in this environment only; may be repeated
    #[arg(short, long = "environment", value_name = "ENV")]
    environments: Vec<String>,
    #[command(flatten)]
    at: At,
    /// Show which rules and variants no test decided by
    #[arg(long)]
    coverage: bool,
    /// Write the cells of golden matrices anew, as they are decided now
    #[arg(long, conflicts_with_all = ["at", "environments"])]
    update: bool,
    /// How to write the results
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

/// Whether golden matrices may still be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Update {
    Wanted,
    No,
}

pub(crate) fn run(args: &Args, global: &Global) -> Result<Exit> {
    decide(args, global, if args.update { Update::Wanted } else { Update::No })
}

fn decide(args: &Args, global: &Global, update: Update) -> Result<Exit> {
    let source = args.at.source(args.paths.first().map_or(Path::new("."), PathBuf::as_path))?;
    let settings = load::settings(&source)?;
    if settings.project.settings.whole == Completeness::Incomplete {
        let findings = errors(settings.settle(Vec::new()));
        let nothing = test::Outcome { checks: Vec::new() };
        write(args, global, &source, &settings, &findings, &nothing, None)?;
        return Ok(Exit::Failed);
    }
    let names = environments(args, &settings)?;
    // The process ends here, and taking everything apart again would take its time.
    let loaded = ManuallyDrop::new(read(args, &source, settings, &names)?);
    args.at.note(&source, &mut io::stderr().lock())?;
    let names = if args.coverage { names } else { tested(names, &loaded.project.suites) };
    let compiled: Vec<(Bundle, Diagnostics)> = names.par_iter().map(|name| compile(&loaded.project, name)).collect();
    let (bundles, diagnostics): (Vec<Bundle>, Vec<Diagnostics>) = compiled.into_iter().unzip();
    let bundles = ManuallyDrop::new(bundles);
    let mut diagnostics: Diagnostics = diagnostics.into_iter().flatten().collect();
    let files = keys(&source, &loaded)?;
    let keys: Vec<&str> = files.iter().map(File::stem).collect();
    let (plan, wrong) = test::plan(&loaded.project, &bundles, &keys);
    diagnostics.extend(wrong);
    if update == Update::Wanted && rewrite(&plan, &loaded, &source)? == Exit::Yes {
        return decide(args, global, Update::No);
    }
    let past = ManuallyDrop::new(baselines::read(&plan, &source, &mut diagnostics)?);
    let outcome = progress::shown("testing", || test::run(&plan, &past, &Budget::default()));
    diagnostics.extend(outcome.checks.iter().filter_map(|check| check.verdict.diagnostic().cloned()));
    let mut findings = errors(loaded.settle(diagnostics));
    // What is wrong elsewhere is for `validate` to say, unless it keeps a test from running.
    if outcome.count(Ending::NotRun) == 0 {
        let in_test = |finding: &Finding| loaded.snapshot.file(finding.diagnostic.span.file).path.starts_with(TESTS);
        findings.retain(in_test);
    }
    let coverage = args.coverage.then(|| test::coverage(&loaded.project, &bundles, &outcome));
    write(args, global, &source, &loaded, &findings, &outcome, coverage.as_deref())?;
    let undecided = |finding: &Finding| finding.diagnostic.code == Code::UndecidedAssertion;
    let exit = match findings.as_slice() {
        [] if outcome.count(Ending::Passed) == outcome.checks.len() => Exit::Yes,
        [_, ..] if findings.iter().all(undecided) => Exit::Failed,
        _ => Exit::No,
    };
    std::mem::forget((findings, plan, outcome));
    Ok(exit)
}

fn environments(args: &Args, settings: &Loaded) -> Result<Vec<String>> {
    let settings = &settings.project.settings;
    args.environments.iter().try_for_each(|name| check_environment(name, settings))?;
    let all = settings.environments.iter().map(|name| name.value.clone());
    Ok(all.filter(|name| args.environments.is_empty() || args.environments.contains(name)).collect())
}

/// The test files that are asked for, and the flags that they need: all where no file is named.
fn read(args: &Args, source: &Source, settings: Loaded, environments: &[String]) -> Result<Loaded> {
    let wanted = args.paths.iter().map(|path| inside(path, source)).collect::<Result<Vec<_>>>()?;
    let everything = wanted.iter().all(|wanted| wanted.as_os_str().is_empty());
    let asked_for = |path: &str| everything || wanted.iter().any(|wanted| Path::new(path).starts_with(wanted));
    let tests = |loaded| load::tests(source, loaded, asked_for);
    let all = || Ok(tests(progress::all(source)?)?);
    if everything || args.coverage {
        return all();
    }
    let loaded = tests(settings)?;
    if let Some(nothing) =
        wanted.iter().find(|wanted| !loaded.snapshot.files().any(|(_, file)| Path::new(&file.path).starts_with(wanted)))
    {
        bail!("there are no tests at `{}`: they stand in `{TESTS}`", nothing.display());
    }
    let golden = |suite: &Suite| suite.golden.as_ref().is_some_and(|golden| golden.flags.is_empty());
    if loaded.project.suites.iter().any(golden) {
        return all();
    }
    let keys = mentioned(&loaded);
    let names: Vec<&str> = environments.iter().map(String::as_str).collect();
    Ok(load::flags(source, loaded, &keys, &names)?)
}

/// Those of the environments that test files are about; all where they are about none.
fn tested(names: Vec<String>, suites: &[Suite]) -> Vec<String> {
    let Some(places) = suites.iter().map(Suite::places).collect::<Option<Vec<_>>>() else { return names };
    let places: BTreeSet<&str> = places.into_iter().flatten().collect();
    let tested: Vec<String> = names.iter().filter(|name| places.contains(name.as_str())).cloned().collect();
    if tested.is_empty() { names } else { tested }
}

/// The keys of the flags that test files are about.
fn mentioned(loaded: &Loaded) -> Vec<String> {
    let mut keys = Vec::new();
    for suite in &loaded.project.suites {
        for case in &suite.cases {
            keys.extend(case.expect.iter().map(|expectation| expectation.flag.value.clone()));
            keys.extend(case.buckets.iter().map(|placement| placement.flag.value.clone()));
        }
        let servings = suite.assertions.iter().flat_map(|assertion| assertion.claim.servings());
        keys.extend(servings.map(|one| one.flag.value.clone()));
        keys.extend(suite.golden.iter().flat_map(|golden| &golden.flags).map(|flag| flag.value.clone()));
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The files of all flags that there are, where one is mentioned that was not found.
fn keys(source: &Source, loaded: &Loaded) -> Result<Vec<File>> {
    let mut known: Vec<&str> = loaded.project.flags.iter().map(|flag| flag.key.as_str()).collect();
    known.sort_unstable();
    if mentioned(loaded).iter().all(|key| known.binary_search(&key.as_str()).is_ok()) {
        return Ok(Vec::new());
    }
    Ok(source.list(FLAGS)?.into_iter().map(|path| File::new(path, Vec::new())).collect())
}

/// Writes the golden matrices that are not as they are decided; yes if there are any.
fn rewrite(plan: &Plan<'_>, loaded: &Loaded, source: &Source) -> Result<Exit> {
    let Source::Folder(folder) = source else { return Ok(Exit::No) };
    let prefix = prefix(source);
    let path = |file| &loaded.snapshot.file(file).path;
    let files = plan.rewritten(&loaded.snapshot);
    let files = files
        .map_err(|(file, why)| anyhow::Error::from(why).context(format!("cannot update `{prefix}{}`", path(file))))?;
    for file in &files {
        let shown = format!("{prefix}{}", path(file.file));
        std::fs::write(folder.root().join(path(file.file)), &file.text)
            .with_context(|| format!("cannot write `{shown}`"))?;
        let cells = if file.changed == 1 { "cell" } else { "cells" };
        writeln!(io::stderr().lock(), "note: wrote {shown}: {} {cells} changed", file.changed)?;
    }
    Ok(if files.is_empty() { Exit::No } else { Exit::Yes })
}

/// Those that keep a test from passing. What an allow is for was not looked for, so that none is unused.
fn errors(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.retain(|finding| finding.severity == Severity::Error && finding.diagnostic.code != Code::UnusedAllow);
    findings
}

fn write(
    args: &Args,
    global: &Global,
    source: &Source,
    loaded: &Loaded,
    findings: &[Finding],
    outcome: &test::Outcome<'_>,
    coverage: Option<&[test::Coverage]>,
) -> io::Result<()> {
    let validation = Validation {
        findings,
        snapshot: &loaded.snapshot,
        prefix: &prefix(source),
        revision: source.revision(),
        checked: &[],
        contents: "",
    };
    let report = TestReport { validation, outcome, coverage, width: terminal_width() };
    let mut out = io::BufWriter::new(io::stdout().lock());
    report::tests(&report, args.format.into(), global.colour(Stream::Stdout), &mut out)?;
    out.flush()
}
