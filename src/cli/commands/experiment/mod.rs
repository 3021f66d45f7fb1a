//! `flagctl experiment`: compares the variants of a flag by what their units do.

mod analyze;
mod power;
mod sql;

use anyhow::Result;
use clap::Subcommand;

use crate::cli::exit::Exit;

/// Compare the variants of a flag by what their units do
///
/// The definition is `experiment:` in the file of a flag.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl experiment power --rate 5% --daily 8000")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: ExperimentCommand,
}

#[derive(Debug, Subcommand)]
enum ExperimentCommand {
    Analyze(Box<analyze::Args>),
    Power(power::Args),
    Sql(sql::Args),
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    match &args.command {
        ExperimentCommand::Analyze(args) => analyze::run(args),
        ExperimentCommand::Power(args) => power::run(args),
        ExperimentCommand::Sql(args) => sql::run(args),
    }
}
