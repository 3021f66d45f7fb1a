//! `flagctl validate`: every diagnostic about a flag repository.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rayon::prelude::*;

use crate::cli::revision_arg::At;
use crate::cli::{Exit, Global, Stream, moment, parse_moment, prefix, progress};
use crate::codes::Severity;
use crate::compile::compile;
use crate::diag::{Diagnostics, Finding};
use crate::load;
use crate::load::Loaded;
use crate::report;
use crate::report::Validation;
use crate::rules;
use crate::snapshot::Spanned;
use crate::source::Source;
use crate::test;
use crate::yaml::Completeness;

/// Report everything that is wrong with the definitions
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A flag repository, or files and folders in one, to report on; everything is read in any case
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    at: At,
    /// The day by which flags expire, instead of today
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    now: Option<Timestamp>,
    /// How to write the findings
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Human,
    Json,
    Sarif,
    Github,
    Gitlab,
    Junit,
}

impl From<Format> for report::FindingsFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Human => Self::Human,
            Format::Json => Self::Json,
            Format::Sarif => Self::Sarif,
            Format::Github => Self::Github,
            Format::Gitlab => Self::Gitlab,
            Format::Junit => Self::Junit,
        }
    }
}

pub(crate) fn run(args: &Args, global: &Global) -> Result<Exit> {
    let source = args.at.source(args.paths.first().map_or(Path::new("."), PathBuf::as_path))?;
    let wanted = args.paths.iter().map(|path| inside(path, &source)).collect::<Result<Vec<_>>>()?;
    let loaded = load::tests(&source, progress::all(&source)?, |_| true)?;
    let today = moment(args.now).to_zoned(TimeZone::UTC).date();
    let mut findings = progress::shown("checking", || check(&loaded, today));
    let asked_for = |path: &str| wanted.is_empty() || wanted.iter().any(|wanted| Path::new(path).starts_with(wanted));
    findings.retain(|finding| asked_for(&loaded.snapshot.file(finding.diagnostic.span.file).path));
    let paths = loaded.snapshot.files().map(|(_, file)| file.path.as_str());
    let checked: Vec<&str> = paths.filter(|path| asked_for(path)).collect();
    if let Some(revision) = source.revision()
        && let Some(nothing) =
            wanted.iter().find(|wanted| !checked.iter().any(|path| Path::new(path).starts_with(wanted)))
    {
        bail!("there is nothing at `{}:{}{}`", revision.name(), revision.prefix(), nothing.display());
    }
    args.at.note(&source, &mut io::stderr().lock())?;
    report(args, global, &source, &loaded, &findings, &checked)?;
    let errors = findings.iter().any(|finding| finding.severity == Severity::Error);
    // The process ends here: taking the definitions apart again would be a tenth of its time.
    std::mem::forget((loaded, findings));
    Ok(if errors { Exit::No } else { Exit::Yes })
}

fn report(
    args: &Args,
    global: &Global,
    source: &Source,
    loaded: &Loaded,
    findings: &[Finding],
    checked: &[&str],
) -> io::Result<()> {
    let validation = Validation {
        findings,
        snapshot: &loaded.snapshot,
        prefix: &prefix(source),
        revision: source.revision(),
        checked,
        contents: &contents(args, loaded, checked),
    };
    let mut out = io::BufWriter::new(io::stdout().lock());
    report::validation(&validation, args.format.into(), global.colour(Stream::Stdout), &mut out)?;
    out.flush()
}

/// Everything that is wrong with what was loaded.
pub(crate) fn check(loaded: &Loaded, today: Date) -> Vec<Finding> {
    let project = &loaded.project;
    // Without the settings, every environment and attribute would be unknown.
    if project.settings.whole == Completeness::Incomplete {
        return loaded.settle(Vec::new());
    }
    let compile = |name: &Spanned<String>| compile(project, &name.value);
    let compiled = || project.settings.environments.par_iter().map(compile).unzip();
    let ((mut bundles, diagnostics), advice): ((Vec<_>, Vec<_>), _) =
        rayon::join(compiled, || rules::check(project, today));
    let mut diagnostics: Diagnostics = diagnostics.into_iter().flatten().collect();
    if !project.suites.is_empty() {
        let keys: Vec<&str> = project.flags.iter().map(|flag| flag.key.as_str()).collect();
        diagnostics.extend(test::plan(project, &bundles, &keys).1);
    }
    diagnostics.extend(rules::prove(project, &mut bundles));
    diagnostics.extend(advice);
    // Nobody waits for them to be taken apart.
    std::mem::forget(bundles);
    loaded.settle(diagnostics)
}

/// What was looked at, in words.
fn contents(args: &Args, loaded: &Loaded, checked: &[&str]) -> String {
    let project = &loaded.project;
    let counted = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
    if checked.len() < loaded.snapshot.files().count() {
        let paths = args.paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
        return format!("{} in {paths}", counted(checked.len(), "file"));
    }
    let mut parts = vec![counted(project.flags.len(), "flag")];
    for (number, noun) in
        [(project.segments.len(), "segment"), (project.kills.len(), "kill"), (project.suites.len(), "test file")]
    {
        if number > 0 {
            parts.push(counted(number, noun));
        }
    }
    format!("{} in {}", parts.join(", "), counted(project.settings.environments.len(), "environment"))
}

/// A path of the command line as one from the repository's root.
pub(crate) fn inside(path: &Path, source: &Source) -> Result<PathBuf> {
    let absolute = match source {
        Source::Folder(_) => path.canonicalize(),
        Source::Revision(_) | Source::Merged(_) => resolved(path),
    };
    let absolute = absolute.with_context(|| format!("cannot read `{}`", path.display()))?;
    // A bare repository has no folders that a path could go through.
    let Some(root) = source.root() else { return Ok(path.to_owned()) };
    match absolute.strip_prefix(&root) {
        Ok(inside) => Ok(inside.to_owned()),
        // The repository lies below the path.
        Err(_) if root.starts_with(&absolute) => Ok(PathBuf::new()),
        Err(_) => bail!("`{}` does not lie in `{}`", path.display(), root.display()),
    }
}

/// The path without links, as far as it is there: a revision may have what the folder has no more.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    let there = path.ancestors().find(|above| above.exists()).unwrap_or(Path::new(""));
    let rest = path.strip_prefix(there).unwrap_or(Path::new(""));
    let there = if there == Path::new("") { Path::new(".") } else { there };
    Ok(there.canonicalize()?.join(rest))
}
