//! The complete command line: the global options and one command.

use anyhow::{Context as _, Result};
use clap::{CommandFactory, Parser};

use crate::cli::commands::Command;
use crate::cli::exit::Exit;
use crate::cli::global::Global;

/// Feature flags whose control plane is a git repository
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_help = "Exit codes: 0 the answer is yes, 1 the answer is no, 2 wrong command line, 3 could not run")]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Runs a command.
///
/// # Errors
/// Returns the error if the command could not run. [`exit_of`](crate::cli::exit_of) turns it into an exit code.
pub fn run(cli: &Cli) -> Result<Exit> {
    if let Some(folder) = &cli.global.folder {
        std::env::set_current_dir(folder).with_context(|| format!("cannot work in `{}`", folder.display()))?;
    }
    cli.command.run(&cli.global, Cli::command)
}
