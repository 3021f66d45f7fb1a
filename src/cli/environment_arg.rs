//! `--environment`: the names of environments that the project declares.
//!
//! A command has one of three options: that of one environment, that of the environments to which the command is limited,
//! or that of the environments to which it writes. All are `-e ENV`.

use anyhow::{Result, anyhow};

use crate::cli::exit::UsageError;
use crate::diag::{environment_help, quoted_list};
use crate::model::{EnvironmentGroup, Settings};

/// The environment of a command that reads exactly one.
#[derive(Debug, clap::Args)]
pub(crate) struct OneEnvironment {
    /// The environment; required if there are several
    #[arg(id = "environment", short = 'e', long = "environment", value_name = "ENV")]
    pub(crate) given: Option<String>,
}

/// The environments to which a command is limited.
#[derive(Debug, clap::Args)]
pub(crate) struct EnvironmentFilter {
    /// Only this environment; may be repeated [default: all environments]
    #[arg(id = "environment", short = 'e', long = "environment", value_name = "ENV")]
    pub(crate) given: Vec<String>,
}

/// The environments to which a command writes.
#[derive(Debug, clap::Args)]
pub(crate) struct WrittenEnvironments {
    /// The environment; may be repeated, and is required if there are several
    #[arg(id = "environment", short = 'e', long = "environment", value_name = "ENV")]
    pub(crate) given: Vec<String>,
}

impl OneEnvironment {
    /// Returns the given environment, or the only environment that the project declares.
    ///
    /// # Errors
    /// Returns a [`UsageError`] if no environment is given and the project declares several. Returns another error if the
    /// given environment is not declared.
    pub(crate) fn or_only(&self, settings: &Settings) -> Result<String> {
        let names: Vec<&str> = settings.environment_names().collect();
        match (self.given.as_deref(), names.as_slice()) {
            (Some(name), _) => check_environment(name, settings).map(|()| name.to_owned()),
            (None, [only]) => Ok((*only).to_owned()),
            (None, names) => Err(missing_environment(names.iter().copied())),
        }
    }
}

impl EnvironmentFilter {
    /// Returns the given names. None means all environments.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.given.iter().map(String::as_str).collect()
    }

    /// Returns the environments of the project to which the command is limited, in the order of promotion.
    ///
    /// # Errors
    /// Returns an error if a given environment is not declared.
    pub(crate) fn select<'s>(&self, settings: &'s Settings) -> Result<Vec<&'s str>> {
        self.given.iter().try_for_each(|name| check_environment(name, settings))?;
        let is_selected = |name: &&str| self.given.is_empty() || self.given.iter().any(|given| given == name);
        Ok(settings.environment_names().filter(is_selected).collect())
    }
}

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

/// Returns the error for a command line without an environment, in a project that declares several.
pub(crate) fn missing_environment<'n>(names: impl Iterator<Item = &'n str>) -> anyhow::Error {
    UsageError(format!("expected an environment: pass `-e` with one of {}", quoted_list(names))).into()
}
