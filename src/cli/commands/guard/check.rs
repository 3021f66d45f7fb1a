//! `flagctl guard check`: the verdict on a rollout.

use std::path::Path;

use anyhow::{Result, anyhow};
use clap::ValueEnum;
use jiff::Timestamp;

use crate::cli::console;
use crate::cli::environment_arg::OneEnvironment;
use crate::cli::exit::Exit;
use crate::cli::guard_check::{exit, guard_check, no_guard};
use crate::cli::guard_source::GuardSourceArgs;
use crate::cli::output_format::write_json;
use crate::cli::progress;
use crate::cli::publish_target::Signers;
use crate::cli::revision_arg::At;
use crate::cli::stage_clock::StageClock;
use crate::cli::time_arg::{given_or_now, parse_time};
use crate::git::CacheWrites;
use crate::load;
use crate::report;
use crate::report::guard::GuardCheckJson;
use crate::source::Source;

/// Judge the rollout of a flag by its metrics
///
/// The window begins when the environment began to serve the flag as it does now. Exits with 0 if the rollout is healthy,
/// with 1 if the guard trips or has not enough data, and with 3 if the numbers cannot be trusted.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl guard check new-cart -e production --metrics numbers.csv")]
pub(crate) struct Args {
    /// The key of the flag
    #[arg(value_name = "FLAG")]
    flag: String,
    #[command(flatten)]
    environment: OneEnvironment,
    #[command(flatten)]
    source: GuardSourceArgs,
    /// At how many times of the window a server is asked, for the evidence over time
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    looks: u32,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    signers: Signers,
    /// The time of the verdict, instead of the clock
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    now: Option<Timestamp>,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: GuardFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum GuardFormat {
    Human,
    Json,
    /// A comment on a pull request
    Markdown,
    /// The evidence over time as an image
    Svg,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let tip = args.at.revision(Path::new("."), CacheWrites::Allowed)?;
    let settings = load::settings(&Source::Revision(tip.clone()))?.project.settings;
    let environment = args.environment.or_only(&settings)?;
    let source = args.source.open()?;
    let clock = StageClock::open(&tip, &args.signers)?;
    let now = given_or_now(args.now);
    let check = || guard_check((&tip, &clock), (&args.flag, &environment), &source, now, args.looks);
    let Some(check) = progress::shown("asking for the numbers", check)? else {
        return Err(no_guard(&args.flag, &environment));
    };
    let json = GuardCheckJson::new(&check.guarded, &check.checked);
    match args.format {
        GuardFormat::Human => console::write(report::guard::check(&json))?,
        GuardFormat::Json => write_json(&json)?,
        GuardFormat::Markdown => console::write(report::guard::check_markdown(&json))?,
        GuardFormat::Svg => console::write(report::guard::check_svg(&json).ok_or_else(no_looks)?)?,
    }
    let verdict = check.checked.judgement.as_ref().map(|judgement| &judgement.verdict);
    Ok(exit(&check.guarded, verdict))
}

fn no_looks() -> anyhow::Error {
    anyhow!("no guardrail has evidence at several times: `--looks 20` asks a server at 20 times of the window")
}
