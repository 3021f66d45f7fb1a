//! `flagctl promote`: makes the definitions of flags in one environment those of another.

use anyhow::Result;

use crate::actions::{FlagSelection, PromotePlan, PromoteRequest, SharePolicy};
use crate::cli::environment_arg::check_environment;
use crate::cli::exit::{Exit, UsageError};
use crate::cli::progress;
use crate::cli::write_args::WriteArgs;
use crate::report::actions::ActionJson;

/// Make the definition of flags in one environment that of another, by one commit
///
/// Carries rules, conditions, the variants served and prerequisites, but not shares: a rule keeps its share, and a new
/// rollout begins at 0%. Changes only the fields of the second environment. Shows what changes and what is not carried, and
/// asks for confirmation.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flagctl promote new-checkout --from staging --to production\n  \
                        flagctl promote new-checkout new-cart --from staging --to production --branch promote-cart --push")]
pub(crate) struct Args {
    /// The keys of the flags
    #[arg(value_name = "FLAG", required = true)]
    flags: Vec<String>,
    /// The environment whose definitions are carried
    #[arg(long, value_name = "ENV")]
    from: String,
    /// The environment that changes
    #[arg(long, value_name = "ENV")]
    to: String,
    /// Carry the shares of rules and splits too
    #[arg(long)]
    shares: bool,
    /// The reason, which the commit records
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    write: WriteArgs,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let session = args.write.open("promote", &FlagSelection { flags: &args.flags, tag: None })?;
    [&args.from, &args.to].into_iter().try_for_each(|name| check_environment(name, session.settings()))?;
    if args.from == args.to {
        return Err(UsageError(format!("expected two environments, found `{}` twice", args.from)).into());
    }
    let shares = if args.shares { SharePolicy::Carry } else { SharePolicy::Keep };
    let request = PromoteRequest { flags: &args.flags, from: &args.from, to: &args.to, shares };
    let plan = progress::shown("reading flags", || PromotePlan::new(&session, &request))?;
    let action = ActionJson::promote(&plan);
    args.write.show_plan(&action)?;
    if !args.write.will_commit(&plan.targets()) {
        return args.write.finish(&action);
    }
    let (subject, reason) = (plan.subject(), args.reason.as_deref());
    args.write.commit(&session, action, (&subject, reason), || plan.commit(reason))
}
