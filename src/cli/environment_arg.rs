//! `--environment`: the name of an environment that the project declares.

use anyhow::{Result, anyhow};

use crate::cli::exit::UsageError;
use crate::diag::{environment_help, quoted_list};
use crate::model::{EnvironmentGroup, Settings};

/// Checks that the project declares an environment.
///
/// # Errors
/// Returns an error that suggests a similar environment, or lists all environments.
pub(crate) fn check_environment(name: &str, settings: &Settings) -> Result<()> {
    let names: Vec<&str> = settings.environment_names().collect();
    if names.contains(&name) {
        return Ok(());
    }
    let help = environment_help(name, settings.group(name).map(EnvironmentGroup::names), names);
    Err(anyhow!("`{name}` is not an environment; {help}"))
}

/// Checks that the project declares an environment or a group of environments.
///
/// # Errors
/// Returns an error that suggests a similar name, or lists all environments.
pub(crate) fn check_environment_or_group(name: &str, settings: &Settings) -> Result<()> {
    if settings.group(name).is_some() { Ok(()) } else { check_environment(name, settings) }
}

/// Returns the given environment, or the only environment that the project declares.
///
/// # Errors
/// Returns a [`UsageError`] if no environment is given and the project declares several. Returns another error if the
/// given environment is not declared.
pub(crate) fn environment_or_only(given: Option<&str>, settings: &Settings) -> Result<String> {
    let names: Vec<&str> = settings.environment_names().collect();
    match (given, names.as_slice()) {
        (Some(name), _) => check_environment(name, settings).map(|()| name.to_owned()),
        (None, [only]) => Ok((*only).to_owned()),
        (None, names) => Err(missing_environment(names.iter().copied())),
    }
}

/// Returns the error for a command line without an environment, in a project that declares several.
pub(crate) fn missing_environment<'n>(names: impl Iterator<Item = &'n str>) -> anyhow::Error {
    UsageError(format!("expected an environment: pass `-e` with one of {}", quoted_list(names))).into()
}
