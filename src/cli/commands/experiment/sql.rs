//! `flagctl experiment sql`: the query that computes the sufficient statistics of an experiment in a warehouse.

use std::path::Path;

use anyhow::{Result, anyhow};
use clap::ValueEnum;
use jiff::Timestamp;

use crate::cli::console;
use crate::cli::environment_arg::OneEnvironment;
use crate::cli::exit::Exit;
use crate::cli::experiment_events::{EventQuery, Period, experiment_with_metrics, reduction_settings};
use crate::cli::publish_target::Signers;
use crate::cli::revision_arg::At;
use crate::cli::time_arg::{given_or_now, parse_time};
use crate::cli::unknown_flag::unknown_flag_in_source;
use crate::git::CacheWrites;
use crate::load;
use crate::reduction::Immature;
use crate::report::experiment::sql::{SqlDialect, SqlLayout, has_query, query};
use crate::yaml::Completeness;

/// Print the query that computes the sufficient statistics of an experiment in a warehouse
///
/// `flagctl experiment analyze FLAG --stats -` reads its rows as CSV. The query leaves out quantiles.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl experiment sql new-cart --dialect duckdb > statistics.sql")]
pub(crate) struct Args {
    /// The key of the flag
    #[arg(value_name = "FLAG")]
    flag: String,
    #[command(flatten)]
    environment: OneEnvironment,
    /// The dialect of SQL
    #[arg(long, value_name = "DIALECT")]
    dialect: Dialect,
    /// The table of exposures, such as `exposures` or `analytics.exposures`
    #[arg(long, value_name = "TABLE", default_value = "exposures", value_parser = table)]
    exposures_table: String,
    /// The table of metric events
    #[arg(long, value_name = "TABLE", default_value = "events", value_parser = table)]
    events_table: String,
    /// Leave out exposures before a time
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    from: Option<Timestamp>,
    /// Leave out exposures from a time on, at which the events end [default: the time of the last event]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    until: Option<Timestamp>,
    /// Also count units whose window is not over
    #[arg(long)]
    include_immature: bool,
    #[command(flatten)]
    signers: Signers,
    /// The present, instead of the clock of the database
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    now: Option<Timestamp>,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Dialect {
    #[value(name = "duckdb")]
    DuckDb,
    Postgres,
    /// Standard SQL, which the tests do not run
    Ansi,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let source = args.at.source(Path::new("."))?;
    let loaded = load::flags(&source, load::settings(&source)?, std::slice::from_ref(&args.flag), &[])?;
    let flag = loaded.project.flag(&args.flag).ok_or_else(|| unknown_flag_in_source(&args.flag, &source))?;
    if flag.completeness != Completeness::Complete {
        return Err(anyhow!("the file of `{}` is not valid: `flagctl validate` shows why", args.flag));
    }
    args.at.note(&source)?;
    let experiment = experiment_with_metrics(flag, &args.flag)?;
    let environment = args.environment.or_only(&loaded.project.settings)?;
    let serving = flag.serving(&loaded.project.settings.names_of(&environment));
    let off = serving.off.ok_or_else(|| anyhow!("`{}` has no `off`", args.flag))?;
    let variants: Vec<String> = flag.variants.iter().map(|variant| variant.name.value.clone()).collect();
    let arms = experiment.arms(variants.iter().map(String::as_str), off.value.as_str());
    let tip = args.at.revision(Path::new("."), CacheWrites::Allowed)?;
    let period = Period {
        from: args.from,
        until: args.until,
        immature: if args.include_immature { Immature::Kept } else { Immature::Excluded },
        now: given_or_now(args.now),
    };
    let settings = reduction_settings(
        &EventQuery { flag: &args.flag, environment: &environment, tip: &tip, experiment, arms: &arms, variants },
        &period,
        &args.signers,
    )?;
    for metric in settings.metrics.iter().filter(|metric| !has_query(metric)) {
        console::note(format!("the query leaves out `{}`, which is a quantile", metric.name));
    }
    if !settings.metrics.iter().any(has_query) {
        return Err(anyhow!("the query has no quantiles, and `{}` has no other metric", args.flag));
    }
    let dialect = match args.dialect {
        Dialect::DuckDb => SqlDialect::DuckDb,
        Dialect::Postgres => SqlDialect::Postgres,
        Dialect::Ansi => SqlDialect::Ansi,
    };
    let (exposures, events) = (args.exposures_table.clone(), args.events_table.clone());
    console::write(query(&settings, &SqlLayout { dialect, exposures, events, now: args.now }))?;
    Ok(Exit::Yes)
}

/// Reads the name of a table, which the query contains as it is.
fn table(text: &str) -> Result<String, String> {
    let is_name = |part: &str| {
        let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
        part.bytes().next().is_some_and(is_letter) && part.bytes().all(|byte| is_letter(byte) || byte.is_ascii_digit())
    };
    if text.split('.').all(is_name) {
        Ok(text.to_owned())
    } else {
        Err("expected letters, digits and `_`, with dots between the names of a database, a schema and a table; a view \
             gives a table another name"
            .to_owned())
    }
}
