//! `flagctl rename`: gives a flag, a segment or an attribute another name in all files.

use anyhow::Result;
use clap::Subcommand;

use crate::actions::{FlagSelection, NamedKind, RenamePlan, RenameRequest};
use crate::cli::exit::Exit;
use crate::cli::progress;
use crate::cli::time_arg::given_or_now;
use crate::cli::write_args::WriteArgs;
use crate::report::actions::ActionJson;

/// Give a flag, a segment or an attribute another name in all files, by one commit
///
/// Changes the definition, and all references in flags, segments, layers, kills and tests. Proves that every flag decides as
/// before, and otherwise refuses. Shows the files that change, and asks for confirmation.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flagctl rename flag new-cart shopping-cart\n  \
                        flagctl rename segment staff employees --branch rename-staff --push")]
pub(crate) struct Args {
    #[command(subcommand)]
    command: RenameCommand,
}

#[derive(Debug, Subcommand)]
enum RenameCommand {
    /// Give a flag another key
    ///
    /// The file of the flag moves, with its kills and the test file that has its name. The former key is written as `salt`, so
    /// every unit keeps its variant. Applications that ask for the former key get the default in their code.
    #[command(after_help = "Example: flagctl rename flag new-cart shopping-cart")]
    Flag(RenameArgs),
    /// Give a segment another name
    #[command(after_help = "Example: flagctl rename segment staff employees")]
    Segment(RenameArgs),
    /// Give an attribute another name
    ///
    /// Applications must send the attribute by its new name.
    #[command(after_help = "Example: flagctl rename attribute plan account.plan")]
    Attribute(RenameArgs),
}

#[derive(Debug, clap::Args)]
struct RenameArgs {
    /// The present name
    #[arg(value_name = "OLD")]
    old: String,
    /// The new name
    #[arg(value_name = "NEW")]
    new: String,
    /// The reason, which the commit records
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    write: WriteArgs,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let (kind, args) = match &args.command {
        RenameCommand::Flag(args) => (NamedKind::Flag, args),
        RenameCommand::Segment(args) => (NamedKind::Segment, args),
        RenameCommand::Attribute(args) => (NamedKind::Attribute, args),
    };
    let names = [args.old.clone()];
    let session = args.write.open("rename", &FlagSelection { flags: &names, tag: None })?;
    let request = RenameRequest { kind, old: &args.old, new: &args.new, now: given_or_now(None) };
    let plan = progress::shown("checking", || RenamePlan::new(&session, &request))?;
    let (subject, reason) = (plan.subject(), args.reason.as_deref());
    let (files, prefix) = (plan.files(), plan.prefix());
    args.write
        .commit_files(&session, ActionJson::rename(&plan), (files, &prefix), (&subject, reason), || plan.commit(reason))
}
