//! `--environment`: the name of an environment that the project declares.

use anyhow::{Result, anyhow};

use crate::cli::exit::UsageError;
use crate::diag::{did_you_mean_or_list, quoted_list};
use crate::model::Settings;

/// Checks that the project declares an environment.
///
/// # Errors
/// Returns an error that suggests a similar environment, or lists all environments.
pub(crate) fn check_environment(name: &str, settings: &Settings) -> Result<()> {
    let names: Vec<&str> = settings.environment_names().collect();
    if names.contains(&name) {
        return Ok(());
    }
    let help = did_you_mean_or_list(name, "the environments are", names);
    Err(anyhow!("`{name}` is not an environment; {help}"))
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
