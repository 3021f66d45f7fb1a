//! `flagctl status`: compares what is live with what is merged.

use std::path::Path;

use anyhow::{Result, bail};
use jiff::Timestamp;

use crate::cli::console;
use crate::cli::environment_arg::EnvironmentFilter;
use crate::cli::exit::{Exit, exit_of};
use crate::cli::output_format::OutputFormat;
use crate::cli::progress;
use crate::cli::publish_target;
use crate::cli::publish_target::Signers;
use crate::cli::target_arg::{OptionalTargetArg, ResolvedTarget, shown};
use crate::cli::time_arg::{given_or_now, parse_time};
use crate::git::{CacheWrites, Revision};
use crate::live::Live;
use crate::publish;
use crate::publish::{Channel, PublishError};
use crate::report;
use crate::report::publication::status::{EnvironmentStatusJson, MergedJson, StateJson, StatusJson, TargetStatusJson};
use crate::source::FlagRepository;

/// Show what is merged, and what is live at a target
///
/// Compares the published branch, as this clone knows it, with what is published: the commit, its age, how many commits
/// it is behind, and which kills are not live. Exits with 0 if all that is merged is live, with 1 if not, and with 3 if a
/// target cannot be reached.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: git fetch && flagctl status ./live/ -e production")]
pub(crate) struct Args {
    #[command(flatten)]
    target: OptionalTargetArg,
    #[command(flatten)]
    environments: EnvironmentFilter,
    #[command(flatten)]
    signers: Signers,
    /// The time from which ages are counted, instead of the clock
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    now: Option<Timestamp>,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: OutputFormat,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let merged = args.target.base()?;
    let targets = args.target.resolve()?;
    let now = given_or_now(args.now);
    let time = Timestamp::from_second(merged.seconds()?)?;
    let live = Live::new(FlagRepository::find(Path::new("."), CacheWrites::Forbidden)?);
    let mut status = StatusJson {
        version: 1,
        merged: MergedJson {
            name: shown(&merged).to_owned(),
            commit: merged.commit(),
            time: time.to_string(),
            age_seconds: now.as_second() - time.as_second(),
        },
        targets: Vec::new(),
    };
    let mut failure = None;
    for target in &targets {
        let environments = target.environments(&args.environments.given)?;
        match read(args, target, environments, &live, &merged, now) {
            Ok(found) => status.targets.push(found),
            Err(error) if exit_of(&error) == Exit::Usage => return Err(error),
            Err(error) => {
                let name = target.name().map(str::to_owned);
                let problem = Some(format!("{error:#}"));
                let target = target.location().to_owned();
                status.targets.push(TargetStatusJson { target, name, environments: Vec::new(), problem });
                // The output has the error, so it is not written to stderr, too.
                failure.get_or_insert(exit_of(&error));
            }
        }
    }
    args.format.write(&status, report::publication::status::human)?;
    Ok(failure.unwrap_or(if status.is_up_to_date() { Exit::Yes } else { Exit::No }))
}

/// Reads what is live at a target.
fn read(
    args: &Args,
    target: &ResolvedTarget,
    mut environments: Vec<String>,
    live: &Live,
    merged: &Revision,
    now: Timestamp,
) -> Result<TargetStatusJson> {
    let store = target.open()?;
    let signers = args.signers.read(target.signing())?;
    publish_target::note_trust(signers.as_ref());
    if environments.is_empty() {
        environments = publish_target::published_environments(&store)?;
    }
    if environments.is_empty() {
        bail!("nothing is published to `{}`", store.name());
    }
    let mut found = Vec::new();
    for environment in &environments {
        let channel = Channel::new(&store, environment);
        let current = progress::shown("reading", || publish::current(&channel, signers.as_ref(), target.name()));
        found.push(match current {
            Ok(current) => {
                let status = live.status(&current.entry.manifest, merged)?;
                EnvironmentStatusJson::new(&current.entry, current.signer, status, now)
            }
            Err(error @ PublishError::NothingPublished(_)) => {
                EnvironmentStatusJson::without_entry(environment, StateJson::Nothing, error.to_string())
            }
            Err(error) if error.is_answer() => {
                console::error(error.to_string());
                EnvironmentStatusJson::without_entry(environment, StateJson::Refused, error.to_string())
            }
            Err(error) => return Err(error.into()),
        });
    }
    let name = target.name().map(str::to_owned);
    Ok(TargetStatusJson { target: store.name().to_owned(), name, environments: found, problem: None })
}
