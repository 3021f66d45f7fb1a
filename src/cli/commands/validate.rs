//! `flagctl validate`: reports all findings of a flag repository.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use jiff::Timestamp;

use crate::check::check;
use crate::cli::code_arg::parse_code;
use crate::cli::console::OutputStream;
use crate::cli::exit::Exit;
use crate::cli::new_since_arg::NewSince;
use crate::cli::path_arg::{path_in_repository, path_prefixes};
use crate::cli::progress;
use crate::cli::revision_arg::At;
use crate::cli::shown_findings_arg::ShownFindings;
use crate::cli::time_arg::{given_or_now, parse_time};
use crate::cli::until_exit::keep_until_exit;
use crate::cli::validate_fix::FixArgs;
use crate::codes::{Code, Severity};
use crate::diag;
use crate::diag::{Age, CheckedFiles, Finding, Problem};
use crate::fixes;
use crate::git::Revision;
use crate::history::reused_units;
use crate::load;
use crate::load::Loaded;
use crate::report;
use crate::report::findings::{BaseReport, CheckedContents, FindingSelection, FindingsFormat, Validation};
use crate::source::Source;
use crate::yaml::Completeness;

/// Report everything that is wrong with the definitions
///
/// Checks every file of the flag repository, compiles every environment, applies the lint rules and proves what holds
/// for all contexts. Exits with 1 if there is an error. `flagctl explain CODE` explains a finding.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl validate --format github")]
pub(crate) struct Args {
    /// A flag repository, or files and folders in one: report on these only, although everything is read
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    at: At,
    /// The time by which flags and kills count as expired or not, instead of the clock
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    now: Option<Timestamp>,
    #[command(flatten)]
    new_since: NewSince,
    /// Show errors only
    #[arg(long)]
    errors_only: bool,
    /// Show the findings with this code only; may be repeated
    #[arg(long = "code", value_name = "CODE", value_parser = parse_code)]
    codes: Vec<Code>,
    #[command(flatten)]
    fix: FixArgs,
    #[command(flatten)]
    shown: ShownFindings,
    /// How to write the findings
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: FindingsFormat,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let source = args.at.source(args.paths.first().map_or(Path::new("."), PathBuf::as_path))?;
    let wanted = args.paths.iter().map(|path| path_in_repository(path, &source)).collect::<Result<Vec<_>>>()?;
    let base = args.new_since.revision(&source)?;
    let now = given_or_now(args.now);
    let asked_for = |path: &str| wanted.is_empty() || wanted.iter().any(|wanted| Path::new(path).starts_with(wanted));
    let (mut loaded, findings) = if args.fix.fix {
        let is_code = |code: Code| args.codes.is_empty() || args.codes.contains(&code);
        let fixed = args.fix.apply(&source, now, |path, code| asked_for(path) && is_code(code))?;
        (keep_until_exit(fixed.loaded), Some(fixed.findings))
    } else {
        (keep_until_exit(load::tests(&source, progress::all(&source)?, |_| true)?), None)
    };
    if let Some(base) = &base {
        let reused = reused_units(&loaded, base)?;
        loaded.diagnostics.extend(reused);
    }
    let mut findings = match findings {
        Some(findings) => findings,
        None => {
            let mut checked = keep_until_exit(progress::shown("checking", || check(&loaded, now)));
            std::mem::take(&mut checked.findings)
        }
    };
    findings.retain(|finding| asked_for(&loaded.snapshot.file(finding.diagnostic.span.file).path));
    let paths = loaded.snapshot.files().map(|(_, file)| file.path.as_str());
    let paths: Vec<&str> = paths.filter(|path| asked_for(path)).collect();
    if let Some(revision) = source.revision()
        && let Some(missing) =
            wanted.iter().find(|wanted| !paths.iter().any(|path| Path::new(path).starts_with(wanted)))
    {
        bail!("no file is at `{}:{}{}`", revision.name(), revision.prefix(), missing.display());
    }
    if !args.shown.is_quiet() {
        args.at.note(&source)?;
    }
    let ages = base.as_ref().map(|base| ages(base, &loaded, &findings, now)).transpose()?;
    let contents = if paths.len() < loaded.snapshot.files().count() {
        let arguments = args.paths.iter().map(|path| path.display().to_string());
        let are_files = wanted.iter().all(|wanted| paths.iter().any(|path| Path::new(path) == wanted));
        match (are_files, args.paths.as_slice()) {
            (true, [path]) => CheckedContents::File(path.display().to_string()),
            (true, _) => CheckedContents::Files { number: paths.len(), folders: Vec::new() },
            (false, _) => CheckedContents::Files { number: paths.len(), folders: arguments.collect() },
        }
    } else {
        let project = &loaded.project;
        CheckedContents::Everything {
            flags: project.written_flags().count(),
            segments: project.segments.len(),
            layers: project.layers.len(),
            kills: project.kills.len(),
            test_files: project.suites.len(),
            environments: project.settings.environments.len(),
        }
    };
    let selection = FindingSelection {
        severity: args.errors_only.then_some(Severity::Error),
        codes: args.codes.clone(),
        limit: args.shown.limit,
    };
    let has_fixes = matches!(args.format, FindingsFormat::Json | FindingsFormat::Sarif);
    let fixes = if has_fixes { fixes::offered(&loaded.snapshot, &findings) } else { Vec::new() };
    let validation = Validation {
        findings: &findings,
        snapshot: &loaded.snapshot,
        prefixes: &path_prefixes(&source),
        selection: &selection,
        revision: source.revision(),
        checked: &paths,
        base: base.as_ref().zip(ages.as_deref()).map(|(revision, ages)| BaseReport { revision, ages }),
        fixes: &fixes,
        contents: &contents.to_string(),
    };
    let screen = OutputStream::Stdout.screen();
    if args.fix.dry_run {
        let remaining = validation.count(Severity::Error);
        return Ok(if remaining > 0 { Exit::No } else { Exit::Yes });
    }
    args.shown.write(&validation, args.format, || report::findings::printable(&validation, args.format, screen))?;
    Ok(if validation.count_aged(Severity::Error, Age::New) > 0 { Exit::No } else { Exit::Yes })
}

/// Returns the age of each finding. Checks the definitions of the base only if there are findings.
fn ages(base: &Revision, loaded: &Loaded, findings: &[Finding], now: Timestamp) -> Result<Vec<Age>> {
    // Nothing else is checked if the settings are incomplete, so it is not known what is new.
    if findings.is_empty() || loaded.project.settings.completeness == Completeness::Incomplete {
        return Ok(vec![Age::New; findings.len()]);
    }
    let source = Source::Revision(base.clone());
    let before = keep_until_exit(load::tests(&source, load::all(&source)?, |_| true)?);
    let checked = keep_until_exit(check(&before, now));
    let problems = |findings: &[Finding]| findings.iter().map(Problem::of).collect::<Vec<_>>();
    let (old, new) = (problems(&checked.findings), problems(findings));
    let (old_incomplete, new_incomplete) = (before.incomplete_files(), loaded.incomplete_files());
    Ok(diag::ages(
        (&old, CheckedFiles { snapshot: &before.snapshot, incomplete: &old_incomplete }),
        (&new, CheckedFiles { snapshot: &loaded.snapshot, incomplete: &new_incomplete }),
    ))
}
