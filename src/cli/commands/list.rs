//! `flagctl list`: shows the flags of a repository or a bundle, one line each, or the segments, layers, attributes or environments.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::ValueEnum;
use clap::builder::PossibleValue;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::bundle::Bundle;
use crate::cli::bundle_arg;
use crate::cli::console;
use crate::cli::console::stdout_width;
use crate::cli::definition_kind_arg::DefinitionKind;
use crate::cli::environment_arg::EnvironmentFilter;
use crate::cli::exit::{Exit, UsageError};
use crate::cli::output_format::OutputFormat;
use crate::cli::pattern_arg::NamePatterns;
use crate::cli::progress;
use crate::cli::revision_arg::At;
use crate::cli::time_arg::{day_given_or_today, parse_time};
use crate::cli::until_exit::keep_until_exit;
use crate::compile::compile_environments;
use crate::diag::did_you_mean_or_list;
use crate::diff::drift;
use crate::load::Loaded;
use crate::model::{Flag, Project};
use crate::report::EnvironmentSets;
use crate::report::definitions::{AttributesJson, EnvironmentsJson, LayersJson, SegmentsJson, Uses};
use crate::report::definitions::{attribute, environment, human, layer, segment};
use crate::report::flags::human::ExpiryColumn;
use crate::report::flags::{Dependants, DriftJson, FlagJson, FlagsJson, ServingState, compiled_flag, written_flag};
use crate::report::{Lines, flags};

/// List flags and what they do in each environment, or other definitions
///
/// The first word may be `flags`, `segments`, `layers`, `attributes` or `environments`; without it, this is `flags`. In a PATTERN, `*`
/// stands for any characters and `?` for one. Options that filter apply to flags, and `--owner` also to segments and layers. If nothing
/// matches, the last line says so, and the exit code is 0.
///
/// The state of a flag in an environment is who gets something else than `off`: `on for everyone`, `25%`, `25% of 1
/// condition`, `3 conditions, 10% to 100%` (the least and the largest share), `else blue` (for the others); or `off`,
/// `disabled`, `killed`, `invalid`.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "flagctl list [OPTIONS] [flags|segments|layers|attributes|environments] [PATTERN]...",
    after_help = "Examples:\n  flagctl list --owner team-payments -e production\n  flagctl list 'checkout-*' -e production\n  \
                  flagctl list segments"
)]
pub(crate) struct Args {
    /// What to list, and patterns of keys or names, such as `'checkout-*'` [default: all flags]
    #[arg(value_name = "PATTERN")]
    words: Vec<String>,
    /// Only flags, segments or layers of this owner
    #[arg(long, value_name = "OWNER")]
    owner: Option<String>,
    /// Only flags of this kind
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Only flags with this tag
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    #[command(flatten)]
    environments: EnvironmentFilter,
    /// Only flags that are in this state in an environment that is shown
    #[arg(long, value_name = "STATE")]
    state: Option<ServingState>,
    /// Only flags that are killed in an environment that is shown
    #[arg(long, conflicts_with = "state")]
    killed: bool,
    /// Only flags that have expired, with the dates
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
    let (kind, patterns) = DefinitionKind::of_list(&args.words);
    let patterns = NamePatterns::new(patterns)?;
    check_filters(args, kind)?;
    if let Some(path) = &args.bundle {
        let bundle = bundle_arg::read(path)?;
        let dependants = Dependants::in_bundle(&bundle);
        let flags = bundle.flags.iter().filter(|flag| patterns.matches(&flag.key));
        let flags = flags.map(|flag| compiled_flag(&bundle, flag, &dependants)).collect();
        return write_flags(args, &EnvironmentSets::default(), flags, bundle.flags.iter().count());
    }
    let source = args.at.source(Path::new("."))?;
    let loaded = keep_until_exit(progress::all(&source)?);
    let project = &loaded.project;
    check_values(args, project)?;
    let names = args.environments.select(&project.settings)?;
    let compiled = compile_environments(project, &names);
    let bundles = keep_until_exit(compiled.into_iter().map(|(bundle, _)| bundle).collect::<Vec<_>>());
    args.at.note(&source)?;
    match kind {
        DefinitionKind::Flag => list_flags(args, &loaded, &bundles, &patterns),
        DefinitionKind::Segment => list_segments(args, &loaded, &bundles, &patterns),
        DefinitionKind::Layer => list_layers(args, &loaded, &patterns),
        DefinitionKind::Attribute => {
            let uses = Uses::in_project(project);
            let all = project.settings.attributes.iter();
            advise(&patterns, all.clone().map(|attribute| attribute.name.value.as_str()));
            let matching = all.clone().filter(|attribute| patterns.matches(&attribute.name.value));
            let attributes = matching.map(|declared| attribute(declared, &uses)).collect();
            let result = AttributesJson { version: 1, attributes };
            write(args, &result, |json| human::attributes(&json.attributes, all.len(), stdout_width()))
        }
        DefinitionKind::Environment => {
            let all = || project.settings.environment_names();
            advise(&patterns, all());
            let matching = names.iter().zip(bundles.iter()).filter(|(name, _)| patterns.matches(name));
            let environments = matching.map(|(name, bundle)| environment(name, project, bundle)).collect();
            let result = EnvironmentsJson { version: 1, environments };
            write(args, &result, |json| human::environments(&json.environments, all().count(), stdout_width()))
        }
    }
}

/// Checks that the options that filter apply to what is listed.
fn check_filters(args: &Args, kind: DefinitionKind) -> Result<()> {
    if kind == DefinitionKind::Flag {
        return Ok(());
    }
    let filters = [
        ("--owner", args.owner.is_some() && !matches!(kind, DefinitionKind::Segment | DefinitionKind::Layer)),
        ("--kind", args.kind.is_some()),
        ("--tag", args.tag.is_some()),
        ("--environment", !args.environments.given.is_empty() && kind != DefinitionKind::Environment),
        ("--state", args.state.is_some()),
        ("--killed", args.killed),
        ("--expired", args.expired),
        ("--drift", args.drift),
        ("--bundle", args.bundle.is_some()),
    ];
    match filters.iter().find(|(_, is_given)| *is_given) {
        Some((option, _)) => {
            Err(UsageError(format!("`{option}` is about flags; leave it out for `list {}`", kind.plural())).into())
        }
        None => Ok(()),
    }
}

/// Checks the names of environments and of the kind of flag.
fn check_values(args: &Args, project: &Project) -> Result<()> {
    if let Some(name) = args.kind.as_deref().filter(|name| project.settings.kind(name).is_none()) {
        let kinds = project.settings.kinds();
        let help = did_you_mean_or_list(name, "the kinds are", kinds.iter().map(|kind| kind.name));
        return Err(UsageError(format!("`{name}` is not a kind of flag; {help}")).into());
    }
    Ok(())
}

fn list_flags(args: &Args, loaded: &Loaded, bundles: &[Bundle], patterns: &NamePatterns<'_>) -> Result<Exit> {
    let project = &loaded.project;
    advise(patterns, project.flags.iter().map(|flag| flag.key.as_str()));
    let owners = || project.flags.iter().filter_map(|flag| Some(flag.owner.as_ref()?.value.as_str()));
    advise_on(args.owner.as_deref(), "flag has the owner", "the owners are", owners());
    let tags = || project.flags.iter().flat_map(|flag| &flag.tags).map(|tag| tag.value.as_str());
    advise_on(args.tag.as_deref(), "flag has the tag", "the tags are", tags());
    let dependants = Dependants::in_project(project);
    let today = day_given_or_today(args.now);
    let flags = project.flags.iter().filter(|flag| patterns.matches(&flag.key) && is_selected(flag, args, today));
    let flags = flags.map(|flag| {
        let drift = args.drift.then(|| drift(bundles, &flag.key).into_iter().map(DriftJson::new).collect());
        FlagJson { drift, ..written_flag(flag, &loaded.project.kills, &loaded.snapshot, bundles, &dependants) }
    });
    let flags =
        flags.filter(|flag| flag.drift.as_ref().is_none_or(|drift: &Vec<DriftJson>| !drift.is_empty())).collect();
    write_flags(args, &EnvironmentSets::new(&project.settings), flags, project.flags.len())
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

/// Writes the flags that are in the selected state, sorted by key. `all` is the number of flags without filters.
fn write_flags(args: &Args, sets: &EnvironmentSets, mut flags: Vec<FlagJson<'_>>, all: usize) -> Result<Exit> {
    let selected = if args.killed { Some(ServingState::Killed) } else { args.state };
    flags.retain(|flag| selected.is_none_or(|state| flag.environments.iter().any(|shown| shown.state == state)));
    flags.sort_by_key(|flag| flag.flag);
    let expiry = if args.expired { ExpiryColumn::Shown } else { ExpiryColumn::Hidden };
    write(args, &FlagsJson { version: 1, flags }, |json| match args.drift {
        true => flags::human::drift(&json.flags, all, sets),
        false => flags::human::flags(&json.flags, all, sets, expiry, stdout_width()),
    })
}

fn list_segments(args: &Args, loaded: &Loaded, bundles: &[Bundle], patterns: &NamePatterns<'_>) -> Result<Exit> {
    let (all, uses) = (&loaded.project.segments, Uses::in_project(&loaded.project));
    advise(patterns, all.iter().map(|segment| segment.name.as_str()));
    let owners = all.iter().filter_map(|segment| Some(segment.owner.as_ref()?.value.as_str()));
    advise_on(args.owner.as_deref(), "segment has the owner", "the owners are", owners);
    let is_owned = |owner: Option<&str>| args.owner.as_deref().is_none_or(|wanted| owner == Some(wanted));
    let segments = all.iter().filter(|segment| patterns.matches(&segment.name));
    let segments = segments.map(|written| segment(written, &loaded.snapshot, bundles, &uses));
    let mut segments: Vec<_> = segments.filter(|segment| is_owned(segment.owner)).collect();
    segments.sort_by_key(|segment| segment.segment);
    let result = SegmentsJson { version: 1, segments };
    write(args, &result, |json| human::segments(&json.segments, all.len(), stdout_width()))
}

fn list_layers(args: &Args, loaded: &Loaded, patterns: &NamePatterns<'_>) -> Result<Exit> {
    let (takers, all) = (loaded.project.slot_takers(), &loaded.project.layers);
    advise(patterns, all.iter().map(|layer| layer.name.as_str()));
    let owners = all.iter().filter_map(|layer| Some(layer.owner.as_ref()?.value.as_str()));
    advise_on(args.owner.as_deref(), "layer has the owner", "the owners are", owners);
    let is_owned = |owner: Option<&str>| args.owner.as_deref().is_none_or(|wanted| owner == Some(wanted));
    let layers = all.iter().filter(|layer| patterns.matches(&layer.name));
    let layers = layers.map(|written| layer(written, &takers, &loaded.snapshot));
    let mut layers: Vec<_> = layers.filter(|layer| is_owned(layer.owner)).collect();
    layers.sort_by_key(|layer| layer.layer);
    let result = LayersJson { version: 1, layers };
    write(args, &result, |json| human::layers(&json.layers, all.len(), stdout_width()))
}

fn write<T: serde::Serialize>(args: &Args, result: &T, human: impl FnOnce(&T) -> Lines) -> Result<Exit> {
    args.format.write(result, human)?;
    Ok(Exit::Yes)
}

/// Writes a note about each pattern that matches none of the names, if there is a better one.
fn advise<'n>(patterns: &NamePatterns<'_>, names: impl Iterator<Item = &'n str>) {
    patterns.advice(&names.collect::<Vec<_>>()).into_iter().for_each(console::note);
}

/// Writes a note if a filter has a value that no definition has.
fn advise_on<'n>(given: Option<&str>, problem: &str, introduction: &str, values: impl Iterator<Item = &'n str>) {
    let values: BTreeSet<&str> = values.collect();
    if let Some(given) = given.filter(|given| !values.contains(given)) {
        let help = match values.is_empty() {
            true => String::new(),
            false => format!("; {}", did_you_mean_or_list(given, introduction, values)),
        };
        console::note(format!("no {problem} `{given}`{help}"));
    }
}
