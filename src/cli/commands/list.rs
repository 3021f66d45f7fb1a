//! `flagctl show` and `flagctl list`: flags as they stand.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::ValueEnum;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::bundle::{Bundle, Condition};
use crate::cli::revision_arg::At;
use crate::cli::{Exit, Format, bundle_arg, bundles, moment, parse_moment, progress, unknown_flag};
use crate::load::Loaded;
use crate::model::Flag;
use crate::report;
use crate::report::{About, FlagJson, StateJson, WrittenJson};

/// Show a flag as written, what holds in each environment, and what depends on it
#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    /// A flag's key
    #[arg(value_name = "FLAG")]
    flag: String,
    #[command(flatten)]
    at: At,
    /// Read a bundle that `flagctl export bundle` wrote, instead of a flag repository: what is compiled of the flag
    #[arg(long, value_name = "FILE", conflicts_with = "at")]
    bundle: Option<PathBuf>,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

/// List flags and what holds in each environment
#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// Only those of this owner
    #[arg(long, value_name = "OWNER")]
    owner: Option<String>,
    /// Only those of this kind
    #[arg(long, value_name = "KIND", value_parser = ["release", "experiment", "ops", "permission"])]
    kind: Option<String>,
    /// Only those with this tag
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    /// Show and filter by this environment alone
    #[arg(short, long, value_name = "ENV")]
    environment: Option<String>,
    /// Only those in this state, in a shown environment
    #[arg(long, value_name = "STATE")]
    state: Option<State>,
    /// Only those that are killed in a shown environment
    #[arg(long, conflicts_with = "state")]
    killed: bool,
    /// Only those that have expired
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
    /// The day by which flags expire, instead of today
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    now: Option<Timestamp>,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum State {
    Enabled,
    Disabled,
    Killed,
    Invalid,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Killed => "killed",
            Self::Invalid => "invalid",
        }
    }
}

#[derive(Serialize)]
struct FlagsJson<'f> {
    /// Of this structure.
    version: u32,
    flags: Vec<FlagJson<'f>>,
}

pub(crate) fn show(args: &ShowArgs) -> Result<Exit> {
    if let Some(path) = &args.bundle {
        let bundle = bundle_arg::read(path)?;
        let Some(flag) = bundle.flag(&args.flag) else { return Err(bundle_arg::unknown_flag(&bundle, &args.flag)) };
        return write(args.format, compiled(&bundle, flag, &required(&bundle)));
    }
    let source = args.at.source(Path::new("."))?;
    let loaded = progress::all(&source)?;
    let Some(flag) = loaded.project.flag(&args.flag) else { return Err(unknown_flag(&args.flag, &source)) };
    let shown = described(&loaded, flag, &bundles(&loaded, |_| true), &dependants(&loaded));
    args.at.note(&source, &mut io::stderr().lock())?;
    write(args.format, shown)
}

fn write(format: Format, flag: FlagJson<'_>) -> Result<Exit> {
    let human = |flags: &FlagsJson<'_>| flags.flags.iter().map(report::flag).collect();
    format.write(&FlagsJson { version: 1, flags: vec![flag] }, human)?;
    Ok(Exit::Yes)
}

pub(crate) fn list(args: &ListArgs) -> Result<Exit> {
    if let Some(path) = &args.bundle {
        let bundle = bundle_arg::read(path)?;
        let dependants = required(&bundle);
        return write_list(args, bundle.flags.iter().map(|flag| compiled(&bundle, flag, &dependants)).collect());
    }
    let source = args.at.source(Path::new("."))?;
    let loaded = progress::all(&source)?;
    if let Some(name) = &args.environment {
        crate::cli::check_environment(name, &loaded.project.settings)?;
    }
    let today = moment(args.now).to_zoned(TimeZone::UTC).date();
    let only = args.environment.as_deref();
    let bundles = bundles(&loaded, |name| only.is_none_or(|only| only == name));
    let dependants = dependants(&loaded);
    let flags = loaded.project.flags.iter().filter(|flag| asked_for(args, flag, today));
    let flags = flags.map(|flag| described(&loaded, flag, &bundles, &dependants)).collect();
    args.at.note(&source, &mut io::stderr().lock())?;
    write_list(args, flags)
}

/// Those in the state that was asked for.
fn write_list(args: &ListArgs, mut flags: Vec<FlagJson<'_>>) -> Result<Exit> {
    let state = if args.killed { Some(State::Killed) } else { args.state };
    flags.retain(|flag| state.is_none_or(|state| flag.environments.iter().any(|here| here.state == state.name())));
    flags.sort_by_key(|flag| flag.flag);
    args.format.write(&FlagsJson { version: 1, flags }, |FlagsJson { flags, .. }| {
        let width = io::stdout().is_terminal().then(crate::cli::terminal_width).flatten();
        report::flags(flags, width)
    })?;
    Ok(Exit::Yes)
}

fn asked_for(args: &ListArgs, flag: &Flag, today: Date) -> bool {
    let owner = flag.owner.as_ref().map(|owner| &owner.value);
    args.owner.as_ref().is_none_or(|wanted| owner == Some(wanted))
        && args.kind.as_ref().is_none_or(|wanted| flag.kind_name() == wanted)
        && args.tag.as_ref().is_none_or(|wanted| flag.tags.iter().any(|tag| tag.value == *wanted))
        && (!args.expired || flag.expires.as_ref().is_some_and(|expires| expires.value < today))
}

fn described<'l>(loaded: &'l Loaded, flag: &'l Flag, bundles: &[Bundle], dependants: &Dependants<'l>) -> FlagJson<'l> {
    let environments: Vec<StateJson> = bundles.iter().map(|bundle| report::state(bundle, &flag.key)).collect();
    let file = loaded.snapshot.file(flag.file);
    let about = WrittenJson {
        path: &file.path,
        description: flag.description.as_ref().map(|text| text.value.as_str()),
        kind: flag.kind_name(),
        owner: flag.owner.as_ref().map(|owner| owner.value.as_str()),
        expires: flag.expires.as_ref().map(|day| day.value.to_string()),
        tags: flag.tags.iter().map(|tag| tag.value.as_str()).collect(),
        text: &file.text,
    };
    let dependants = dependants.get(flag.key.as_str()).cloned().unwrap_or_default();
    FlagJson { flag: &flag.key, about: About::Written(about), environments, dependants }
}

fn compiled<'b>(bundle: &'b Bundle, flag: &'b crate::bundle::Flag, dependants: &Dependants<'b>) -> FlagJson<'b> {
    FlagJson {
        flag: &flag.key,
        about: About::Compiled(report::compiled(bundle, flag)),
        environments: vec![report::state(bundle, &flag.key)],
        dependants: dependants.get(flag.key.as_ref()).cloned().unwrap_or_default(),
    }
}

/// Flags, and those with a prerequisite on each.
type Dependants<'l> = BTreeMap<&'l str, Vec<&'l str>>;

fn dependants(loaded: &Loaded) -> Dependants<'_> {
    let mut dependants = Dependants::new();
    for flag in &loaded.project.flags {
        for required in flag.servings().flat_map(|serving| serving.requires.iter().flatten()) {
            let known = dependants.entry(&required.flag.value).or_default();
            if known.last() != Some(&flag.key.as_str()) {
                known.push(&flag.key);
            }
        }
    }
    dependants
}

/// As [`dependants`], in a bundle.
fn required(bundle: &Bundle) -> Dependants<'_> {
    let mut dependants = Dependants::new();
    for flag in &bundle.flags {
        for condition in &flag.prerequisites {
            if let Condition::Flag { key, .. } = condition {
                dependants.entry(&bundle.flag_at(*key).key).or_default().push(&flag.key);
            }
        }
    }
    dependants
}
