//! `flagctl experiment analyze`: the effects of the variants of a flag, and the verdict.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use clap::ValueEnum;

use crate::cli::console;
use crate::cli::environment_arg::OneEnvironment;
use crate::cli::event_file::note_bad_rows;
use crate::cli::exit::{Exit, UsageError};
use crate::cli::experiment_events::{EventArgs, EventQuery, experiment_with_metrics};
use crate::cli::output_format::write_json;
use crate::cli::revision_arg::At;
use crate::cli::row_file_arg;
use crate::cli::unknown_flag::unknown_flag_in_source;
use crate::experiment::{
    AnalysisSettings, Answer, ExperimentState, SufficientStatistics, UntrustedEffects, analyze, experiment_state,
    planned_weights, read_statistics,
};
use crate::git::CacheWrites;
use crate::load;
use crate::model::{Experiment, Flag, MetricRole, Settings};
use crate::publish::Digest;
use crate::report;
use crate::report::experiment::{AnalysisJson, EventRowsJson, InputJson, OriginJson};
use crate::source::Source;
use crate::yaml::Completeness;

/// Show the effects of the variants of a flag, and whether to ship, to stop or to keep running
///
/// Reads files of exposures and metric events, or sufficient statistics that a warehouse computed. Exits with 0 if a
/// variant is to be shipped, with 1 if the experiment is to stop or to keep running, and with 3 if the data cannot be
/// trusted.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flagctl experiment analyze new-cart --stats statistics.csv\n  \
                        flagctl experiment analyze new-cart --stats - --format html > result.html")]
pub(crate) struct Args {
    /// The key of the flag
    #[arg(value_name = "FLAG")]
    flag: String,
    /// The sufficient statistics: a CSV or JSON file, or `-` for stdin
    #[arg(long, value_name = "FILE")]
    stats: Option<PathBuf>,
    #[command(flatten)]
    events: EventArgs,
    #[command(flatten)]
    environment: OneEnvironment,
    /// A metric that decides whether a variant ships; may be repeated, and replaces the role in the definition
    #[arg(long, value_name = "METRIC")]
    primary: Vec<String>,
    /// A metric that can stop a variant; may be repeated, and replaces the role in the definition
    #[arg(long, value_name = "METRIC")]
    guardrail: Vec<String>,
    /// Show effects even if the numbers of units do not fit the split, or too many units were in several arms
    #[arg(long)]
    despite_srm: bool,
    #[command(flatten)]
    at: At,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: AnalysisFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AnalysisFormat {
    Human,
    Json,
    /// A comment on a pull request
    Markdown,
    /// A page with the intervals as pictures
    Html,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    if let Some(both) = args.primary.iter().find(|name| args.guardrail.contains(name)) {
        return Err(UsageError(format!("`{both}` is both `--primary` and `--guardrail`")).into());
    }
    let source = args.at.source(Path::new("."))?;
    let settings = analysis_settings(args, &source)?;
    let (statistics, origin) = match &args.stats {
        Some(path) => statistics_of_file(path)?,
        None => statistics_of_events(args, &source, &settings)?,
    };
    let untrusted = if args.despite_srm { UntrustedEffects::Shown } else { UntrustedEffects::Refused };
    let analysis = analyze(&statistics, &settings, untrusted).map_err(|reason| {
        let names: Vec<&str> = origin.inputs.iter().map(|input| input.name.as_str()).collect();
        anyhow!("{}: {reason}", names.join(", "))
    })?;
    let commit = source.revision().map(|revision| revision.commit().to_string());
    let json = AnalysisJson::new(&analysis, &settings, commit, origin);
    match args.format {
        AnalysisFormat::Human => console::write(report::experiment::lines(&json))?,
        AnalysisFormat::Json => write_json(&json)?,
        AnalysisFormat::Markdown => console::write(report::experiment::markdown(&json))?,
        AnalysisFormat::Html => console::write(report::experiment::page(&json))?,
    }
    Ok(match analysis.verdict.answer {
        Answer::Ship => Exit::Yes,
        Answer::Stop | Answer::KeepRunning | Answer::NotRunning => Exit::No,
        Answer::Broken => Exit::Failed,
    })
}

/// Reads a file of sufficient statistics.
fn statistics_of_file(path: &Path) -> Result<(SufficientStatistics, OriginJson)> {
    let name = path.display().to_string();
    let text = row_file_arg::read(path)?;
    let statistics = read_statistics(&text).with_context(|| format!("cannot use `{name}`"))?;
    let inputs = vec![InputJson { name, sha256: Digest::sha256(text.as_bytes()).to_string() }];
    Ok((statistics, OriginJson { inputs, ..OriginJson::default() }))
}

/// Reduces files of events.
fn statistics_of_events(
    args: &Args,
    source: &Source,
    settings: &AnalysisSettings,
) -> Result<(SufficientStatistics, OriginJson)> {
    let loaded = load::flags(source, load::settings(source)?, std::slice::from_ref(&args.flag), &[])?;
    let flag = loaded.project.flag(&args.flag).ok_or_else(|| unknown_flag_in_source(&args.flag, source))?;
    let experiment = experiment_with_metrics(flag, &args.flag)?;
    let environment = args.environment.or_only(&loaded.project.settings)?;
    let tip = args.at.revision(Path::new("."), CacheWrites::Allowed)?;
    let variants = flag.variants.iter().map(|variant| variant.name.value.clone()).collect();
    let query = EventQuery {
        flag: &args.flag,
        environment: &environment,
        tip: &tip,
        experiment,
        arms: &settings.arms,
        variants,
    };
    let (reduced, digests) = args.events.reduce(&query)?;
    note_bad_rows("exposures", &reduced.exposures);
    note_bad_rows("metric events", &reduced.metric_events);
    let inputs = digests.into_iter().map(|(name, digest)| InputJson { name, sha256: digest.to_string() });
    let rows = Some(EventRowsJson::new(&reduced));
    let origin = OriginJson { inputs: inputs.collect(), rows, sequences: reduced.sequences };
    Ok((reduced.statistics, origin))
}

/// Returns the settings of the flag's experiment, with the metrics that the command line adds.
fn analysis_settings(args: &Args, source: &Source) -> Result<AnalysisSettings> {
    let settings = load::settings(source)?;
    let loaded = load::flags(source, settings, std::slice::from_ref(&args.flag), &[])?;
    let flag = loaded.project.flag(&args.flag).ok_or_else(|| unknown_flag_in_source(&args.flag, source))?;
    if flag.completeness != Completeness::Complete {
        return Err(anyhow!("the file of `{}` is not valid: `flagctl validate` shows why", args.flag));
    }
    args.at.note(source)?;
    let without_metrics;
    let experiment = match &flag.experiment {
        Some(experiment) => experiment.as_ref(),
        None => {
            without_metrics = Experiment::without_metrics(flag.start);
            &without_metrics
        }
    };
    let mut result = settings_of(args, flag, experiment, &loaded.project.settings)?;
    args.primary.iter().for_each(|name| result.set_role(name, MetricRole::Primary));
    args.guardrail.iter().for_each(|name| result.set_role(name, MetricRole::Guardrail));
    Ok(result)
}

fn settings_of(args: &Args, flag: &Flag, experiment: &Experiment, settings: &Settings) -> Result<AnalysisSettings> {
    // Without an environment, only the planned split is not known, which the statistics may have.
    let environment = args.environment.or_only(settings);
    let environment = match (environment, &args.environment.given) {
        (Ok(environment), _) => Some(environment),
        (Err(error), Some(_)) => return Err(error),
        (Err(_), None) => None,
    };
    let off = |off: Option<&str>| off.map(str::to_owned).ok_or_else(|| anyhow!("`{}` has no `off`", args.flag));
    let variants = flag.variants.iter().map(|variant| variant.name.value.as_str());
    let (arms, planned, state) = match &environment {
        Some(environment) => {
            let serving = flag.serving(&settings.names_of(environment));
            let arms = experiment.arms(variants, &off(serving.off.map(|off| off.value.as_str()))?);
            let planned = planned_weights(&serving, &arms);
            // Statistics say themselves which units got which arm.
            let state = match &args.stats {
                Some(_) => ExperimentState::Running,
                None => experiment_state(&serving, &arms),
            };
            (arms, planned, state)
        }
        None => {
            let off = off(flag.base.off.as_ref().map(|off| off.value.as_str()))?;
            let planned = Err("no environment is given with `-e`");
            (experiment.arms(variants, &off), planned, ExperimentState::Running)
        }
    };
    Ok(AnalysisSettings::new(&args.flag, experiment, arms, planned, state)?)
}
