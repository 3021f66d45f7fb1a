//! `flagctl kill`: turns flags off in an emergency.

use anyhow::Result;

use crate::actions::{FlagSelection, KillExpiry, KillPlan, KillRequest};
use crate::cli::console::{ask, can_ask};
use crate::cli::environment_arg::WrittenEnvironments;
use crate::cli::exit::{Exit, UsageError};
use crate::cli::kill_wait::WaitArgs;
use crate::cli::max_age_arg::parse_duration;
use crate::cli::progress;
use crate::cli::time_arg::{given_or_now, parse_time};
use crate::cli::write_args::{WriteArgs, environments};
use crate::report::actions::ActionJson;

/// Turn flags off in an environment, by one commit
///
/// Shows what each flag serves now and which other flags turn off with it, asks for confirmation, and commits
/// `kills/<environment>/<flag>.yaml` on top of the branch. Changes in the working tree and in the index stay as they are
/// and are not committed.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: flagctl kill new-checkout -e production --reason 'INC-4212: checkout answers 500' --push"
)]
pub(crate) struct Args {
    /// The keys of the flags
    #[arg(value_name = "FLAG", required_unless_present = "tag")]
    flags: Vec<String>,
    /// Kill all flags with this tag too
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    #[command(flatten)]
    environments: WrittenEnvironments,
    /// The reason, which the file of the kill and the commit record; a terminal asks for it
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// The person who kills [default: git's author]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// When the kill should have ended: a duration such as `24h` or `7d`, or a time
    ///
    /// The kill lasts until `flagctl revive` ends it. From this time on, `flagctl validate` warns about it.
    #[arg(long, value_name = "TIME", value_parser = parse_expiry)]
    expires: Option<KillExpiry>,
    #[command(flatten)]
    wait: WaitArgs,
    #[command(flatten)]
    write: WriteArgs,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let selection = FlagSelection { flags: &args.flags, tag: args.tag.as_deref() };
    let session = args.write.open("kill", &selection)?;
    let environments = environments(&session, &args.environments)?;
    let request = KillRequest { selection, environments: &environments };
    let plan = progress::shown("reading flags and their history", || KillPlan::new(&session, &request))?;
    let action = ActionJson::kill(&plan);
    args.write.show_plan(&action)?;
    let targets = plan.targets();
    let exit = if args.write.will_commit(&targets) {
        let reason = reason(args)?;
        let subject = format!("kill {targets}");
        args.write.commit(&session, action, (&subject, Some(&reason)), || {
            plan.commit(&reason, args.by.as_deref(), args.expires)
        })?
    } else {
        args.write.finish(&action)?
    };
    if exit != Exit::Yes {
        return Ok(exit);
    }
    args.wait.run(plan.effects().iter().map(|effect| (effect.flag.as_str(), effect.environment.as_str())))
}

/// Parses a duration, in which a day has 24 hours, or a time in the future.
fn parse_expiry(text: &str) -> Result<KillExpiry, String> {
    let expiry = match (parse_duration(text), parse_time(text)) {
        (Some(duration), _) if duration.is_positive() => Some(KillExpiry::After(duration)),
        (None, Ok(time)) if time > given_or_now(None) => Some(KillExpiry::At(time)),
        _ => None,
    };
    expiry.ok_or_else(|| {
        "expected a duration such as `24h` or `7d`, or a time in the future, such as `2026-11-22T11:02:00Z`".to_owned()
    })
}

/// Returns the reason from the option or from the terminal, as one line.
fn reason(args: &Args) -> Result<String> {
    let reason = match &args.reason {
        Some(reason) => reason.clone(),
        None if can_ask() => ask("reason: ")?,
        None => String::new(),
    };
    let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    if reason.is_empty() {
        return Err(UsageError("expected a reason for the kill: pass it with `--reason TEXT`".to_owned()).into());
    }
    Ok(reason)
}
