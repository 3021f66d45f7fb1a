//! `flagctl new`: writes the file of a new definition, which is valid.

mod environment;
mod flag;
mod segment;
mod test;

use anyhow::Result;
use clap::Subcommand;

use crate::cli::exit::Exit;
use crate::cli::global::Global;

/// Write the file of a new flag, segment or test, or add an environment
///
/// Asks at a terminal what no option says. Makes no commit, and never changes a definition that exists. Exits with 1 if it is there
/// already.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flagctl new flag quick-search --kind release --dry-run\n  \
                        flagctl new environment qa --from staging --dry-run")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: NewCommand,
}

#[derive(Debug, Subcommand)]
enum NewCommand {
    Flag(flag::Args),
    Segment(segment::Args),
    Test(test::Args),
    Environment(environment::Args),
}

pub(crate) fn run(args: &Args, global: &Global) -> Result<Exit> {
    match &args.command {
        NewCommand::Flag(args) => flag::run(args, global),
        NewCommand::Segment(args) => segment::run(args, global),
        NewCommand::Test(args) => test::run(args, global),
        NewCommand::Environment(args) => environment::run(args, global),
    }
}
