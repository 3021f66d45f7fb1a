//! `flagctl shadow report`: whether a candidate gives the same answers as the control.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use clap::ValueEnum;
use jiff::Timestamp;

use crate::cli::console;
use crate::cli::environment_arg::OneEnvironment;
use crate::cli::error_report::{Validity, report_errors};
use crate::cli::event_file::open_events;
use crate::cli::exit::Exit;
use crate::cli::output_format::write_json;
use crate::cli::progress;
use crate::cli::revision_arg::At;
use crate::cli::time_arg::parse_time;
use crate::cli::unknown_flag::unknown_flag_in_source;
use crate::compile::compile;
use crate::git::Revision;
use crate::load;
use crate::report;
use crate::report::shadow::{ReportedShadow, ShadowReportJson};
use crate::shadow::{RecordFilter, ShadowVerdict, definition_digest, read};

/// Compare a candidate that ran in the dark with the control, from comparison records
///
/// The criteria are those of the flag. Exits with 0 if the candidate is equivalent, with 1 if it is different or if there
/// is not enough data, and with 3 if the records cannot be trusted.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: flagctl shadow report search records.ndjson -e production --format html > report.html"
)]
pub(crate) struct Args {
    /// The key of the flag
    #[arg(value_name = "FLAG")]
    flag: String,
    /// Files of comparison records, as JSON lines or CSV, which may be compressed with gzip; `-` is stdin
    #[arg(value_name = "RECORDS", required = true)]
    records: Vec<PathBuf>,
    #[command(flatten)]
    environment: OneEnvironment,
    /// Leave out records before this time, for example because the definition was another one
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    since: Option<Timestamp>,
    #[command(flatten)]
    at: At,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: ShadowFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ShadowFormat {
    Human,
    /// What `flagctl policy --shadow-report` reads
    Json,
    /// A comment on a pull request
    Markdown,
    /// A page without scripts
    Html,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let source = args.at.source(Path::new("."))?;
    let settings = load::settings(&source)?;
    if report_errors(&settings, settings.settle(Vec::new()), &source)? == Validity::Invalid {
        return Ok(Exit::Failed);
    }
    let environment = args.environment.or_only(&settings.project.settings)?;
    let loaded = load::flags(&source, settings, std::slice::from_ref(&args.flag), &[&environment])?;
    let Some(flag) = loaded.project.flag(&args.flag) else { return Err(unknown_flag_in_source(&args.flag, &source)) };
    let (_, diagnostics) = compile(&loaded.project, &environment);
    if report_errors(&loaded, loaded.settle(diagnostics), &source)? == Validity::Invalid {
        return Ok(Exit::Failed);
    }
    let (Some(shadow), Some(definition)) = (&flag.shadow, definition_digest(flag, &environment)) else {
        let help = "add one to its file, as `flagctl explain unfit-shadow` shows";
        return Err(anyhow!("`{}` has no `shadow`: {help}", args.flag));
    };
    let candidate = shadow.candidate.as_ref().map_or("", |candidate| &candidate.value);
    let mut inputs = Vec::with_capacity(args.records.len());
    for path in &args.records {
        inputs.push(open_events(path)?);
    }
    let names: Vec<String> = inputs.iter().map(|input| input.name().to_owned()).collect();
    let filter =
        RecordFilter { flag: &args.flag, environment: &environment, since: args.since, ignored: &shadow.ignore_paths };
    let (tally, rows, digests) = progress::shown("reading the records", || read(inputs, &filter))?;
    let report = crate::shadow::report(&tally, &rows, shadow.criteria)?;
    let json = ShadowReportJson::new(&ReportedShadow {
        flag: &args.flag,
        environment: &environment,
        candidate,
        commit: source.revision().map(Revision::commit),
        definition,
        inputs: names.into_iter().zip(digests).collect(),
        rows: &rows,
        tally: &tally,
        report: &report,
    });
    match args.format {
        ShadowFormat::Human => console::write(report::shadow::lines(&json))?,
        ShadowFormat::Json => write_json(&json)?,
        ShadowFormat::Markdown => console::write(report::shadow::comment(&json))?,
        ShadowFormat::Html => console::write(report::shadow::page(&json))?,
    }
    Ok(match report.verdict {
        ShadowVerdict::Equivalent => Exit::Yes,
        ShadowVerdict::Different | ShadowVerdict::NotEnoughData => Exit::No,
        ShadowVerdict::DataProblem => Exit::Failed,
    })
}
