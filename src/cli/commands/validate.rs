//! `flagctl validate`: reports all findings of a flag repository.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use jiff::Timestamp;

use crate::check::check;
use crate::cli::console;
use crate::cli::console::OutputStream;
use crate::cli::exit::Exit;
use crate::cli::global::Global;
use crate::cli::path_arg::{displayed_prefix, path_in_repository};
use crate::cli::progress;
use crate::cli::revision_arg::At;
use crate::cli::time_arg::{day_given_or_today, parse_time};
use crate::cli::until_exit::keep_until_exit;
use crate::codes::Severity;
use crate::load;
use crate::report;
use crate::report::findings::{CheckedContents, FindingsFormat, Validation};

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
    /// The day on which flags count as expired or not, instead of today
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    now: Option<Timestamp>,
    /// How to write the findings
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: FindingsFormat,
}

pub(crate) fn run(args: &Args, global: &Global) -> Result<Exit> {
    let source = args.at.source(args.paths.first().map_or(Path::new("."), PathBuf::as_path))?;
    let wanted = args.paths.iter().map(|path| path_in_repository(path, &source)).collect::<Result<Vec<_>>>()?;
    let loaded = keep_until_exit(load::tests(&source, progress::all(&source)?, |_| true)?);
    let today = day_given_or_today(args.now);
    let mut checked = keep_until_exit(progress::shown("checking", || check(&loaded, today)));
    let asked_for = |path: &str| wanted.is_empty() || wanted.iter().any(|wanted| Path::new(path).starts_with(wanted));
    checked.findings.retain(|finding| asked_for(&loaded.snapshot.file(finding.diagnostic.span.file).path));
    let paths = loaded.snapshot.files().map(|(_, file)| file.path.as_str());
    let paths: Vec<&str> = paths.filter(|path| asked_for(path)).collect();
    if let Some(revision) = source.revision()
        && let Some(missing) =
            wanted.iter().find(|wanted| !paths.iter().any(|path| Path::new(path).starts_with(wanted)))
    {
        bail!("no file is at `{}:{}{}`", revision.name(), revision.prefix(), missing.display());
    }
    args.at.note(&source)?;
    let contents = if paths.len() < loaded.snapshot.files().count() {
        let arguments = args.paths.iter().map(|path| path.display().to_string()).collect();
        CheckedContents::Files { number: paths.len(), arguments }
    } else {
        let project = &loaded.project;
        CheckedContents::Everything {
            flags: project.flags.len(),
            segments: project.segments.len(),
            kills: project.kills.len(),
            test_files: project.suites.len(),
            environments: project.settings.environments.len(),
        }
    };
    let validation = Validation {
        findings: &checked.findings,
        snapshot: &loaded.snapshot,
        prefix: &displayed_prefix(&source),
        revision: source.revision(),
        checked: &paths,
        contents: &contents.to_string(),
    };
    console::write(report::findings::printable(&validation, args.format, global.colour(OutputStream::Stdout))?)?;
    let has_errors = checked.findings.iter().any(|finding| finding.severity == Severity::Error);
    Ok(if has_errors { Exit::No } else { Exit::Yes })
}
