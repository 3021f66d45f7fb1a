//! `flagctl rollout`: changes the rollout of a rule.

use anyhow::Result;
use clap::ValueEnum;

use crate::actions::{
    ActionError, Ambiguity, FlagSelection, RolloutPlan, RolloutRequest, RolloutStep, WriteSession, rollout_positions,
};
use crate::bundle::Percent;
use crate::cli::console::{ask, can_ask, stdout_width};
use crate::cli::environment_arg::{WrittenEnvironments, check_environment_or_group, missing_environment};
use crate::cli::exit::{Exit, UsageError};
use crate::cli::percent_arg::percent;
use crate::cli::progress;
use crate::cli::rollout_schedule;
use crate::cli::write_args::WriteArgs;
use crate::report::EnvironmentSets;
use crate::report::actions::{ActionJson, RolloutPositionsJson, human};

/// Change the percentage of units that a rule admits, by one commit
///
/// Changes the percentage in the flag's file and nothing else. Shows which contexts get another variant, and asks for
/// confirmation. Changes in the working tree and in the index stay as they are and are not committed.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true,
    after_help = "Examples:\n  flagctl rollout new-checkout -e production --to 50%\n  \
                  flagctl rollout new-checkout -e production next --push\n  flagctl rollout new-checkout status\n  \
                  flagctl rollout due"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    scheduled: Option<Scheduled>,
    /// The key of the flag
    #[arg(value_name = "FLAG", required = true)]
    flag: Option<String>,
    /// The step in the rule's `steps`
    #[arg(value_name = "STEP", required_unless_present = "to", conflicts_with = "to")]
    step: Option<StepArg>,
    /// The new percentage, such as `50%`
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    to: Option<Percent>,
    #[command(flatten)]
    environments: WrittenEnvironments,
    /// The rule's name, or its number, such as `#2`; required if several rules have a rollout
    #[arg(long, value_name = "NAME")]
    rule: Option<String>,
    /// The reason, which the commit records
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Allow units to move between two variants that are not `off`
    #[arg(long)]
    allow_reassign: bool,
    #[command(flatten)]
    write: WriteArgs,
}

#[derive(Debug, clap::Subcommand)]
enum Scheduled {
    Due(rollout_schedule::DueArgs),
    Advance(rollout_schedule::AdvanceArgs),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StepArg {
    /// To the next step
    Next,
    /// To the step before
    Back,
    /// Only show the present rollout
    Status,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    match &args.scheduled {
        Some(Scheduled::Due(args)) => return rollout_schedule::due(args),
        Some(Scheduled::Advance(args)) => return rollout_schedule::advance(args),
        None => {}
    }
    let flag = args.flag.as_deref().ok_or_else(|| UsageError("expected the key of a flag".to_owned()))?;
    let keys = [flag.to_owned()];
    let selection = FlagSelection { flags: &keys, tag: None };
    let session = args.write.open("rollout", &selection)?;
    args.environments.given.iter().try_for_each(|name| check_environment_or_group(name, session.settings()))?;
    let step = match (args.to, args.step) {
        (Some(percent), _) => RolloutStep::To(percent),
        (None, Some(StepArg::Back)) => RolloutStep::Back,
        (None, Some(StepArg::Next) | None) => RolloutStep::Next,
        (None, Some(StepArg::Status)) => return status(args, flag, &session),
    };
    let environments = environments(args, &session)?;
    let plan = plan((args, flag), &session, &environments, step)?;
    let action = ActionJson::rollout(&plan);
    args.write.show_plan(&action)?;
    if !args.allow_reassign {
        plan.check_no_reassignment()?;
    }
    if !args.write.will_commit(&plan.targets()) {
        return args.write.finish(&action);
    }
    let (subject, reason) = (plan.subject(), args.reason.as_deref());
    args.write.commit(&session, action, (&subject, reason), || plan.commit(reason))
}

/// Returns the given environments and groups, or the only environment of the project. If there are several, asks the
/// user on a terminal.
fn environments(args: &Args, session: &WriteSession) -> Result<Vec<String>> {
    let names: Vec<&str> = session.settings().environment_names().collect();
    match names.as_slice() {
        _ if !args.environments.given.is_empty() => Ok(args.environments.given.clone()),
        [only] => Ok(vec![(*only).to_owned()]),
        names if can_ask() => {
            let name = ask(&format!("which environment ({})? ", names.join(", ")))?;
            check_environment_or_group(&name, session.settings())?;
            Ok(vec![name])
        }
        names => Err(missing_environment(names.iter().copied())),
    }
}

/// Makes the plan. If several rules have a rollout, asks the user on a terminal to choose a rule.
fn plan<'s>(
    (args, flag): (&Args, &str),
    session: &'s WriteSession,
    environments: &[String],
    step: RolloutStep,
) -> Result<RolloutPlan<'s>> {
    let plan = |rule: Option<&str>| {
        let request = RolloutRequest { flag, environments, rule, step };
        progress::shown("reading flags", || RolloutPlan::new(session, &request))
    };
    match plan(args.rule.as_deref()) {
        Err(ActionError::Ambiguous(Ambiguity::Rules(names))) if can_ask() => {
            let rule = ask(&format!("which rule ({})? ", names.join(", ")))?;
            Ok(plan(Some(&rule))?)
        }
        result => Ok(result?),
    }
}

/// Shows the current rollouts.
fn status(args: &Args, flag: &str, session: &WriteSession) -> Result<Exit> {
    let positions = rollout_positions(session, flag, &args.environments.given, args.rule.as_deref())?;
    let sets = EnvironmentSets::new(session.settings());
    let json = RolloutPositionsJson::new(flag, &positions);
    args.write.format.write(&json, |json| human::rollout_positions(json, &sets, stdout_width()))?;
    Ok(Exit::Yes)
}
