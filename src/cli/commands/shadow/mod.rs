//! `flagctl shadow`: reports on dark launches.

mod report;

use anyhow::Result;
use clap::Subcommand;

use crate::cli::exit::Exit;

/// Compare a candidate that runs in the dark with what is served
///
/// The definition is `shadow:` in the file of a flag.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl shadow report --help")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: ShadowCommand,
}

#[derive(Debug, Subcommand)]
enum ShadowCommand {
    Report(report::Args),
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    match &args.command {
        ShadowCommand::Report(args) => report::run(args),
    }
}
