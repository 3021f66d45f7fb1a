//! `flagctl guard`: judges rollouts by their metrics.

mod check;
mod run;
mod simulate;

use anyhow::Result;
use clap::Subcommand;

use crate::cli::exit::Exit;

/// Judge rollouts by their metrics, and stop those that do harm
///
/// The definition is `guard:` in the file of a flag.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl guard run -e production --dry-run")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: GuardCommand,
}

#[derive(Debug, Subcommand)]
enum GuardCommand {
    Check(check::Args),
    Run(run::Args),
    Simulate(simulate::Args),
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    match &args.command {
        GuardCommand::Check(args) => check::run(args),
        GuardCommand::Run(args) => run::run(args),
        GuardCommand::Simulate(args) => simulate::run(args),
    }
}
