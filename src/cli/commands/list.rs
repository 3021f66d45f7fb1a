//! `flagctl list`: shows the flags of a repository or a bundle, one line each.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::ValueEnum;
use clap::builder::PossibleValue;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::cli::bundle_arg;
use crate::cli::console::stdout_width;
use crate::cli::environment_arg::check_environment;
use crate::cli::exit::{Exit, UsageError};
use crate::cli::output_format::OutputFormat;
use crate::cli::progress;
use crate::cli::revision_arg::At;
use crate::cli::time_arg::{day_given_or_today, parse_time};
use crate::cli::until_exit::keep_until_exit;
use crate::compile::compile_environments;
use crate::diag::did_you_mean_or_list;
use crate::diff::drift;
use crate::model::Flag;
use crate::report;
use crate::report::EnvironmentSets;
use crate::report::flags::{Dependants, DriftJson, FlagJson, FlagsJson, ServingState, compiled_flag, written_flag};

/// List flags, and what they do in each environment
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl list --owner payments --expired")]
pub(crate) struct Args {
    /// Only flags of this owner
    #[arg(long, value_name = "OWNER")]
    owner: Option<String>,
    /// Only flags of this kind
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Only flags with this tag
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    /// Show and filter by this environment only
    #[arg(short, long, value_name = "ENV")]
    environment: Option<String>,
    /// Only flags that are in this state in an environment that is shown
    #[arg(long, value_name = "STATE")]
    state: Option<ServingState>,
    /// Only flags that are killed in an environment that is shown
    #[arg(long, conflicts_with = "state")]
    killed: bool,
    /// Only flags that have expired
    #[arg(long)]
    expired: bool,
    #[command(flatten)]
    at: At,
    /// Read a bundle that `flagctl export bundle` wrote, instead of a flag repository
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["at", "environment", "owner", "kind", "tag", "expired", "now"]
    )]
    bundle: Option<PathBuf>,
    /// The day on which flags count as expired or not, instead of today
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    now: Option<Timestamp>,
    /// Only flags whose environments differ in more than shares, with the differences
    #[arg(long, conflicts_with_all = ["bundle", "environment"])]
    drift: bool,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: OutputFormat,
}

impl ValueEnum for ServingState {
    fn value_variants<'v>() -> &'v [Self] {
        &[Self::Enabled, Self::Disabled, Self::Killed, Self::Invalid]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    if let Some(path) = &args.bundle {
        let bundle = bundle_arg::read(path)?;
        let dependants = Dependants::in_bundle(&bundle);
        return write(
            args,
            &EnvironmentSets::default(),
            bundle.flags.iter().map(|flag| compiled_flag(&bundle, flag, &dependants)).collect(),
        );
    }
    let source = args.at.source(Path::new("."))?;
    let loaded = keep_until_exit(progress::all(&source)?);
    let project = &loaded.project;
    if let Some(name) = &args.environment {
        check_environment(name, &project.settings)?;
    }
    if let Some(name) = args.kind.as_deref().filter(|name| project.settings.kind(name).is_none()) {
        let kinds = project.settings.kinds();
        let help = did_you_mean_or_list(name, "the kinds are", kinds.iter().map(|kind| kind.name));
        return Err(UsageError(format!("`{name}` is not a kind of flag; {help}")).into());
    }
    let names = project.settings.environment_names();
    let names: Vec<&str> = names.filter(|name| args.environment.as_ref().is_none_or(|only| only == name)).collect();
    let compiled = compile_environments(project, &names);
    let bundles = keep_until_exit(compiled.into_iter().map(|(bundle, _)| bundle).collect::<Vec<_>>());
    let dependants = Dependants::in_project(project);
    let today = day_given_or_today(args.now);
    let flags = project.flags.iter().filter(|flag| is_selected(flag, args, today));
    let flags = flags.map(|flag| {
        let drift = args.drift.then(|| drift(&bundles, &flag.key).into_iter().map(DriftJson::new).collect());
        FlagJson { drift, ..written_flag(flag, &loaded.snapshot, &bundles, &dependants) }
    });
    let flags =
        flags.filter(|flag| flag.drift.as_ref().is_none_or(|drift: &Vec<DriftJson>| !drift.is_empty())).collect();
    args.at.note(&source)?;
    write(args, &EnvironmentSets::new(&project.settings), flags)
}

/// Returns whether the definition of a flag matches the filters. The filter for the state is applied later, because the
/// state is not known yet.
fn is_selected(flag: &Flag, args: &Args, today: Date) -> bool {
    let owner = flag.owner.as_ref().map(|owner| &owner.value);
    args.owner.as_ref().is_none_or(|wanted| owner == Some(wanted))
        && args.kind.as_ref().is_none_or(|wanted| flag.kind() == wanted)
        && args.tag.as_ref().is_none_or(|wanted| flag.tags.iter().any(|tag| tag.value == *wanted))
        && (!args.expired || flag.expires.as_ref().is_some_and(|expires| expires.value < today))
}

/// Writes the flags that are in the selected state, sorted by key.
fn write(args: &Args, sets: &EnvironmentSets, mut flags: Vec<FlagJson<'_>>) -> Result<Exit> {
    let selected = if args.killed { Some(ServingState::Killed) } else { args.state };
    flags.retain(|flag| selected.is_none_or(|state| flag.environments.iter().any(|shown| shown.state == state)));
    flags.sort_by_key(|flag| flag.flag);
    args.format.write(&FlagsJson { version: 1, flags }, |json| match args.drift {
        true => report::flags::human::drift(&json.flags, sets),
        false => report::flags::human::flags(&json.flags, sets, stdout_width()),
    })?;
    Ok(Exit::Yes)
}
