//! `flagctl revive`: ends kills.

use anyhow::Result;

use crate::actions::RevivePlan;
use crate::cli::exit::Exit;
use crate::cli::progress;
use crate::cli::write_args::{WriteArgs, environments};
use crate::report::actions::ActionJson;

/// Undo kills, by one commit
///
/// Refuses if the flag, or a flag that depends on it, would serve something else than before the kill and than its `off`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl revive new-checkout -e production --reason 'fixed by 4f1c2aa' --push")]
pub(crate) struct Args {
    /// The keys of the flags
    #[arg(value_name = "FLAG", required = true)]
    flags: Vec<String>,
    /// The environment; may be repeated, and is required if there are several environments
    #[arg(short, long, value_name = "ENV")]
    environment: Vec<String>,
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
    let session = args.write.open()?;
    let environments = environments(&session, &args.environment)?;
    let plan =
        progress::shown("reading flags and their history", || RevivePlan::new(&session, &args.flags, &environments))?;
    let action = ActionJson::revive(&plan);
    args.write.show_plan(&action)?;
    if !args.allow_changed {
        plan.check_unchanged()?;
    }
    let targets = plan.targets();
    if !args.write.will_commit(&targets) {
        return args.write.finish(&action);
    }
    args.write.commit(action, &format!("revive {targets}?"), || plan.commit(args.reason.as_deref()))
}
