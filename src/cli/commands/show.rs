//! `flagctl show`: shows one flag, segment, layer, attribute or environment, and its current state.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use serde::Serialize;

use crate::cli::bundle_arg;
use crate::cli::definition_kind_arg::DefinitionKind;
use crate::cli::environment_arg::{EnvironmentFilter, check_environment};
use crate::cli::exit::{Exit, UsageError};
use crate::cli::output_format::OutputFormat;
use crate::cli::progress;
use crate::cli::revision_arg::At;
use crate::cli::unknown_flag::{unknown_flag_in_bundle, unknown_flag_in_source};
use crate::cli::until_exit::keep_until_exit;
use crate::compile::compile_environments;
use crate::diag::did_you_mean_or_list;
use crate::model::Project;
use crate::report::definitions::{AttributesJson, EnvironmentsJson, LayersJson, SegmentsJson, Uses};
use crate::report::definitions::{attribute, environment, human, layer, segment};
use crate::report::flags::{Dependants, FlagJson, FlagsJson, compiled_flag, written_flag};
use crate::report::{EnvironmentSets, Lines, flags};
use crate::source::Source;

/// Show a flag: its file, what it does in each environment, and the flags that require it
///
/// Also shows a segment, a layer, an attribute or an environment, with the flags that use it, if the first word is `segment`,
/// `layer`, `attribute` or `environment`.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "flagctl show [OPTIONS] [flag|segment|layer|attribute|environment] NAME",
    after_help = "Examples:\n  flagctl show new-checkout -e production\n  flagctl show segment eu-customers"
)]
pub(crate) struct Args {
    /// The key of a flag; or the kind of definition and its name
    #[arg(value_name = "NAME", required = true, num_args = 1..=2)]
    words: Vec<String>,
    #[command(flatten)]
    environments: EnvironmentFilter,
    #[command(flatten)]
    at: At,
    /// Read a bundle that `flagctl export bundle` wrote, instead of a flag repository, and show the compiled flag
    #[arg(long, value_name = "FILE", conflicts_with_all = ["at", "environment"])]
    bundle: Option<PathBuf>,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: OutputFormat,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let (kind, name) = wanted(args)?;
    if kind != DefinitionKind::Flag && !args.environments.given.is_empty() {
        let problem = format!("`--environment` is about flags; leave it out for `show {}`", kind.singular());
        return Err(UsageError(problem).into());
    }
    if let Some(path) = &args.bundle {
        if kind != DefinitionKind::Flag {
            return Err(UsageError("`--bundle` is about flags".to_owned()).into());
        }
        let bundle = bundle_arg::read(path)?;
        let Some(flag) = bundle.flag(name) else {
            return Err(unknown_flag_in_bundle(name, bundle.flags.keys()));
        };
        let sets = EnvironmentSets::default();
        return write_flag(args.format, &sets, compiled_flag(&bundle, flag, &Dependants::in_bundle(&bundle)));
    }
    let source = args.at.source(Path::new("."))?;
    let loaded = keep_until_exit(progress::all(&source)?);
    let project = &loaded.project;
    args.environments.given.iter().try_for_each(|name| check_environment(name, &project.settings))?;
    let names = project.settings.environment_names();
    let is_shown =
        |name: &&str| args.environments.given.is_empty() || args.environments.given.iter().any(|only| only == name);
    let names: Vec<&str> = names.filter(is_shown).collect();
    let compiled = compile_environments(project, &names);
    let bundles = keep_until_exit(compiled.into_iter().map(|(bundle, _)| bundle).collect::<Vec<_>>());
    let unknown = || unknown(kind, name, project, &source);
    match kind {
        DefinitionKind::Flag => {
            let flag = project.flag(name).ok_or_else(unknown)?;
            args.at.note(&source)?;
            let flag = written_flag(flag, &project.kills, &loaded.snapshot, &bundles, &Dependants::in_project(project));
            write_flag(args.format, &EnvironmentSets::new(&project.settings), flag)
        }
        DefinitionKind::Segment => {
            let found = project.segments.iter().find(|segment| segment.name == name).ok_or_else(unknown)?;
            args.at.note(&source)?;
            let segments = vec![segment(found, &loaded.snapshot, &bundles, &Uses::in_project(project))];
            write(args.format, &SegmentsJson { version: 1, segments }, |json| each(&json.segments, human::segment))
        }
        DefinitionKind::Layer => {
            let found = project.layers.iter().find(|layer| layer.name == name).ok_or_else(unknown)?;
            args.at.note(&source)?;
            let result =
                LayersJson { version: 1, layers: vec![layer(found, &project.slot_takers(), &loaded.snapshot)] };
            write(args.format, &result, |json| each(&json.layers, human::layer))
        }
        DefinitionKind::Attribute => {
            let mut declared = project.settings.attributes.iter();
            let found = declared.find(|attribute| attribute.name.value == name).ok_or_else(unknown)?;
            args.at.note(&source)?;
            let attributes = vec![attribute(found, &Uses::in_project(project))];
            let result = AttributesJson { version: 1, attributes };
            write(args.format, &result, |json| each(&json.attributes, human::attribute))
        }
        DefinitionKind::Environment => {
            let mut declared = names.iter().zip(bundles.iter());
            let (found, bundle) = declared.find(|(declared, _)| **declared == name).ok_or_else(unknown)?;
            args.at.note(&source)?;
            let result = EnvironmentsJson { version: 1, environments: vec![environment(found, project, bundle)] };
            write(args.format, &result, |json| each(&json.environments, human::environment))
        }
    }
}

/// Returns the kind and the name of the definition to show.
///
/// # Errors
/// Returns a [`UsageError`] if the first of two words is not a kind.
fn wanted(args: &Args) -> Result<(DefinitionKind, &str)> {
    match args.words.as_slice() {
        [kind, name] => match DefinitionKind::of_show(kind) {
            Some(kind) => Ok((kind, name)),
            None => {
                let expected = "expected `flag`, `segment`, `layer`, `attribute` or `environment` before a name";
                Err(UsageError(format!("{expected}, found `{kind}`")).into())
            }
        },
        words => Ok((DefinitionKind::Flag, words.first().map_or("", String::as_str))),
    }
}

/// Returns the error for a name that no definition of a kind has. If it is the name of a definition of another kind, the
/// error has the command that shows this one.
fn unknown(kind: DefinitionKind, name: &str, project: &Project, source: &Source) -> anyhow::Error {
    let settings = &project.settings;
    let segments = || project.segments.iter().map(|segment| segment.name.as_str());
    let layers = || project.layers.iter().map(|layer| layer.name.as_str());
    let attributes = || settings.attributes.iter().map(|attribute| attribute.name.value.as_str());
    let others = [
        (DefinitionKind::Flag, project.flag(name).is_some()),
        (DefinitionKind::Segment, segments().any(|other| other == name)),
        (DefinitionKind::Layer, layers().any(|other| other == name)),
        (DefinitionKind::Attribute, attributes().any(|other| other == name)),
        (DefinitionKind::Environment, settings.environment_names().any(|other| other == name)),
    ];
    let noun = kind.singular();
    let article = |noun: &str| if noun.starts_with(['a', 'e']) { "an" } else { "a" };
    if let Some((other, _)) = others.iter().find(|(_, has_name)| *has_name) {
        let other = other.singular();
        let hint = format!("`flagctl show {other} {name}` shows the {other} with this name");
        return anyhow!("`{name}` is not {} {noun}; {hint}", article(noun));
    }
    let help = match kind {
        DefinitionKind::Flag => return unknown_flag_in_source(name, source),
        DefinitionKind::Segment => did_you_mean_or_list(name, "the segments are", segments()),
        DefinitionKind::Layer => did_you_mean_or_list(name, "the layers are", layers()),
        DefinitionKind::Attribute => did_you_mean_or_list(name, "the attributes are", attributes()),
        DefinitionKind::Environment => {
            let names: Vec<&str> = settings.environment_names().collect();
            did_you_mean_or_list(name, "the environments are", names)
        }
    };
    anyhow!("`{name}` is not {} {noun}; {help}", article(noun))
}

fn write_flag(format: OutputFormat, sets: &EnvironmentSets, flag: FlagJson<'_>) -> Result<Exit> {
    let result = FlagsJson { version: 1, flags: vec![flag] };
    write(format, &result, |json| each(&json.flags, |flag| flags::human::flag(flag, sets)))
}

fn write<T: Serialize>(format: OutputFormat, result: &T, human: impl FnOnce(&T) -> Lines) -> Result<Exit> {
    format.write(result, human)?;
    Ok(Exit::Yes)
}

/// Returns the text of each definition.
fn each<T>(definitions: &[T], human: impl Fn(&T) -> Lines) -> Lines {
    let mut lines = Lines::default();
    definitions.iter().for_each(|definition| lines.append(&human(definition)));
    lines
}
