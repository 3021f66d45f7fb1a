//! `flagctl remove`: removes a flag, a segment or an attribute to which nothing refers.

use anyhow::Result;
use clap::Subcommand;

use crate::actions::{FlagSelection, NamedKind, RemovePlan, RemoveRequest};
use crate::cli::exit::Exit;
use crate::cli::progress;
use crate::cli::time_arg::given_or_now;
use crate::cli::write_args::WriteArgs;
use crate::report::actions::ActionJson;

/// Remove a flag, a segment or an attribute, by one commit
///
/// Refuses while something refers to it, and lists every position. Proves that no other flag changes. Shows the files that
/// change, and asks for confirmation.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flagctl remove flag address-lookup\n  \
                        flagctl remove flag debug-toolbar --branch fewer-flags --push")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: RemoveCommand,
}

#[derive(Debug, Subcommand)]
enum RemoveCommand {
    /// Remove a flag with its kills, and with the tests that test no other flag
    ///
    /// Applications that ask for the flag get the default in their code.
    #[command(after_help = "Example: flagctl remove flag address-lookup")]
    Flag(RemoveArgs),
    /// Remove a segment
    #[command(after_help = "Example: flagctl remove segment beta-testers")]
    Segment(RemoveArgs),
    /// Remove an attribute from `flagctl.yaml`
    #[command(after_help = "Example: flagctl remove attribute age")]
    Attribute(RemoveArgs),
}

#[derive(Debug, clap::Args)]
struct RemoveArgs {
    /// The name
    #[arg(value_name = "NAME")]
    name: String,
    /// The reason, which the commit records
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    write: WriteArgs,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let (kind, args) = match &args.command {
        RemoveCommand::Flag(args) => (NamedKind::Flag, args),
        RemoveCommand::Segment(args) => (NamedKind::Segment, args),
        RemoveCommand::Attribute(args) => (NamedKind::Attribute, args),
    };
    let names = [args.name.clone()];
    let session = args.write.open("remove", &FlagSelection { flags: &names, tag: None })?;
    let request = RemoveRequest { kind, name: &args.name, now: given_or_now(None) };
    let plan = progress::shown("checking", || RemovePlan::new(&session, &request))?;
    let (subject, reason) = (plan.subject(), args.reason.as_deref());
    let (files, prefix) = (plan.files(), plan.prefix());
    args.write
        .commit_files(&session, ActionJson::remove(&plan), (files, &prefix), (&subject, reason), || plan.commit(reason))
}
