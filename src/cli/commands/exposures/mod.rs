//! `flagctl exposures`: what applications recorded of their decisions.

mod check;

use anyhow::Result;
use clap::Subcommand;

use crate::cli::exit::Exit;

/// Check the decisions that applications recorded
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl exposures check exposures.ndjson -e production")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: ExposuresCommand,
}

#[derive(Debug, Subcommand)]
enum ExposuresCommand {
    Check(check::Args),
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    match &args.command {
        ExposuresCommand::Check(args) => check::run(args),
    }
}
