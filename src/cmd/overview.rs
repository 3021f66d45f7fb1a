//! `flagctl show` and `flagctl list`: flags as they stand.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use anyhow::Result;
use clap::ValueEnum;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::at::At;
use super::{Exit, Format, moment, parse_moment, progress, unknown_flag};
use crate::bundle::Bundle;
use crate::compile::compile;
use crate::load::Loaded;
use crate::model::Flag;
use crate::report::{self, FlagJson, StateJson};

/// Show a flag as written, what holds in each environment, and what depends on it
#[derive(Debug, clap::Args)]
pub(super) struct ShowArgs {
    /// A flag's key
    #[arg(value_name = "FLAG")]
    flag: String,
    #[command(flatten)]
    at: At,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

/// List flags and what holds in each environment
#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
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
    flags: &'f [FlagJson<'f>],
}

pub(super) fn show(args: &ShowArgs) -> Result<Exit> {
    let source = args.at.source(Path::new("."))?;
    let loaded = progress::all(&source)?;
    let Some(flag) = loaded.project.flag(&args.flag) else { return Err(unknown_flag(&args.flag, &source)) };
    let shown = described(&loaded, flag, &bundles(&loaded, None), &dependants(&loaded));
    args.at.note(&source, &mut io::stderr().lock())?;
    let mut out = io::stdout().lock();
    match args.format {
        Format::Human => {
            let written = &loaded.snapshot.file(flag.file).text;
            out.write_all(report::flag(&shown, written).as_bytes())?;
        }
        Format::Json => write_json(&[shown], &mut out)?,
    }
    Ok(Exit::Yes)
}

pub(super) fn list(args: &ListArgs) -> Result<Exit> {
    let source = args.at.source(Path::new("."))?;
    let loaded = progress::all(&source)?;
    if let Some(name) = &args.environment {
        super::check_environment(name, &loaded.project.settings)?;
    }
    let today = moment(args.now).to_zoned(TimeZone::UTC).date();
    let bundles = bundles(&loaded, args.environment.as_deref());
    let dependants = dependants(&loaded);
    let flags = loaded.project.flags.iter().filter(|flag| asked_for(args, flag, today));
    let state = if args.killed { Some(State::Killed) } else { args.state };
    let in_state =
        |flag: &FlagJson<'_>| state.is_none_or(|state| flag.environments.iter().any(|here| here.state == state.name()));
    let mut flags: Vec<_> =
        flags.map(|flag| described(&loaded, flag, &bundles, &dependants)).filter(in_state).collect();
    flags.sort_by_key(|flag| flag.flag);
    args.at.note(&source, &mut io::stderr().lock())?;
    let mut out = io::stdout().lock();
    match args.format {
        Format::Human => {
            let width = io::stdout().is_terminal().then(super::terminal_width).flatten();
            out.write_all(report::flags(&flags, width).as_bytes())?;
        }
        Format::Json => write_json(&flags, &mut out)?,
    }
    Ok(Exit::Yes)
}

fn write_json(flags: &[FlagJson<'_>], out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &FlagsJson { version: 1, flags })?;
    writeln!(out)
}

fn asked_for(args: &ListArgs, flag: &Flag, today: Date) -> bool {
    let owner = flag.owner.as_ref().map(|owner| &owner.value);
    args.owner.as_ref().is_none_or(|wanted| owner == Some(wanted))
        && args.kind.as_ref().is_none_or(|wanted| flag.kind_name() == wanted)
        && args.tag.as_ref().is_none_or(|wanted| flag.tags.iter().any(|tag| tag.value == *wanted))
        && (!args.expired || flag.expires.as_ref().is_some_and(|expires| expires.value < today))
}

/// Of all environments, or of one.
fn bundles(loaded: &Loaded, only: Option<&str>) -> Vec<Bundle> {
    let names = loaded.project.settings.environments.iter().map(|name| name.value.as_str());
    let wanted = names.filter(|name| only.is_none_or(|only| only == *name));
    wanted.map(|name| compile(&loaded.project, name).0).collect()
}

fn described<'l>(loaded: &'l Loaded, flag: &'l Flag, bundles: &[Bundle], dependants: &Dependants<'l>) -> FlagJson<'l> {
    let environments: Vec<StateJson> = bundles.iter().map(|bundle| report::state(bundle, &flag.key)).collect();
    FlagJson {
        flag: &flag.key,
        path: &loaded.snapshot.file(flag.file).path,
        description: flag.description.as_ref().map(|text| text.value.as_str()),
        kind: flag.kind_name(),
        owner: flag.owner.as_ref().map(|owner| owner.value.as_str()),
        expires: flag.expires.as_ref().map(|day| day.value.to_string()),
        tags: flag.tags.iter().map(|tag| tag.value.as_str()).collect(),
        environments,
        dependants: dependants.get(flag.key.as_str()).cloned().unwrap_or_default(),
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
