//! `flagctl revive`: ends kills.

use anyhow::Result;

use crate::actions::{FlagSelection, RevivePlan};
use crate::cli::environment_arg::WrittenEnvironments;
use crate::cli::exit::Exit;
use crate::cli::progress;
use crate::cli::write_args::{WriteArgs, environments};
use crate::report::actions::ActionJson;

/// Undo kills, by one commit
///
/// Refuses if the flag, or a flag that depends on it, would serve something else than before the kill and than its `off`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl revive new-cart -e production --reason 'fixed by 4f1c2aa' --push")]
pub(crate) struct Args {
    /// The keys of the flags
    #[arg(value_name = "FLAG", required_unless_present = "tag")]
    flags: Vec<String>,
    /// Revive all killed flags with this tag too
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    #[command(flatten)]
    environments: WrittenEnvironments,
    /// The reason, which the commit records
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Also revive if a flag would serve something else than before the kill
    #[arg(long)]
    allow_changed: bool,
    #[command(flatten)]
    write: WriteArgs,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let selection = FlagSelection { flags: &args.flags, tag: args.tag.as_deref() };
    let session = args.write.open("revive", &selection)?;
    let environments = environments(&session, &args.environments)?;
    let plan =
        progress::shown("reading flags and their history", || RevivePlan::new(&session, &selection, &environments))?;
    let action = ActionJson::revive(&plan);
    args.write.show_plan(&action)?;
    if !args.allow_changed {
        plan.check_unchanged()?;
    }
    let targets = plan.targets();
    if !args.write.will_commit(&targets) {
        return args.write.finish(&action);
    }
    let (subject, reason) = (format!("revive {targets}"), args.reason.as_deref());
    args.write.commit(&session, action, (&subject, reason), || plan.commit(reason))
}
