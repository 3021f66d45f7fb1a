//! The settings of `flagctl serve` from environment variables and from the file of `--config`.
//!
//! Both have the names and values of the options of the command line. An option of the command line is stronger than a
//! variable, and a variable is stronger than the file. clap knows this order: a variable is the environment of an argument,
//! and the file has its default value.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use clap::builder::OsStr;
use clap::{Arg, ArgAction, Command};
use serde_json::{Map, Value as Json};

use crate::cli::context_arg;
use crate::diag::did_you_mean_or_list;

/// The name of the command.
const SERVE: &str = "serve";
/// The beginning of the names of the variables.
const VARIABLE: &str = "FLAGCTL_SERVE_";
/// The maximum size of the file in bytes.
const MAX_BYTES: u64 = 1 << 20;
/// The options that only the command line has.
const COMMAND_LINE_ONLY: [&str; 3] = ["config", "check", "help"];

/// Lets each option of the command be an environment variable, such as `FLAGCTL_SERVE_LISTEN`. Commas separate the values
/// of an option that may be repeated.
pub(crate) fn with_variables(definition: Command) -> Command {
    definition.mut_subcommand(SERVE, |command| {
        command.mut_args(|argument| {
            let name = name(&argument);
            if COMMAND_LINE_ONLY.contains(&name) {
                return argument;
            }
            let variable = VARIABLE.to_owned() + &name.replace('-', "_").to_uppercase();
            let argument = argument.env(OsStr::from(variable)).hide_env(true);
            if matches!(argument.get_action(), ArgAction::Append) { argument.value_delimiter(',') } else { argument }
        })
    })
}

/// Makes the values of a file the default values of the options.
///
/// # Errors
/// Returns an error if the file cannot be read, or has something that is not an option.
pub(crate) fn with_file(definition: Command, path: &Path) -> Result<Command> {
    let options = read(path)?;
    let names: Vec<String> = definition
        .find_subcommand(SERVE)
        .into_iter()
        .flat_map(Command::get_arguments)
        .map(name)
        .filter(|name| !COMMAND_LINE_ONLY.contains(name))
        .map(str::to_owned)
        .collect();
    let mut defaults = Vec::new();
    for (name, value) in options {
        if !names.contains(&name) {
            let help =
                did_you_mean_or_list(&name, "the options are", names.iter().map(String::as_str).collect::<Vec<_>>());
            bail!("`{}`: `{name}` is not an option of the server; {help}", path.display());
        }
        let values = texts(&value).with_context(|| format!("`{}`: `{name}`", path.display()))?;
        defaults.push((name, values));
    }
    Ok(definition.mut_subcommand(SERVE, |command| {
        command.mut_args(|argument| {
            let found = defaults.iter().find(|(known, _)| known == name(&argument));
            match found {
                Some((_, values)) => argument.default_values(values.iter().cloned().map(OsStr::from)),
                None => argument,
            }
        })
    }))
}

/// Returns the name of an option, or of the argument TARGET.
fn name(argument: &Arg) -> &str {
    argument.get_long().unwrap_or_else(|| argument.get_id().as_str())
}

fn read(path: &Path) -> Result<Map<String, Json>> {
    let context = || format!("cannot read `{}`", path.display());
    let mut text = String::new();
    context_arg::open(path)?.take(MAX_BYTES).read_to_string(&mut text).with_context(context)?;
    serde_yaml::from_str(&text).with_context(context)
}

/// Returns the values of an option as the command line has them.
fn texts(value: &Json) -> Result<Vec<String>> {
    match value {
        Json::Array(values) => Ok(values.iter().map(texts).collect::<Result<Vec<_>>>()?.concat()),
        Json::String(text) => Ok(vec![text.clone()]),
        Json::Number(number) => Ok(vec![number.to_string()]),
        Json::Bool(boolean) => Ok(vec![boolean.to_string()]),
        Json::Null | Json::Object(_) => bail!("expected a text, a number or a list of these"),
    }
}
