//! `flagctl rollout due` and `flagctl rollout advance`: steps that go by themselves.

use std::time::Duration;

use anyhow::{Result, bail};
use jiff::Timestamp;

use crate::actions::{
    ActionError, RolloutPlan, RolloutRequest, RolloutStep, Schedule, ScheduledStep, StepGate, StepGroup, WriteSession,
    due_groups, scheduled_steps,
};
use crate::cli::environment_arg::check_environment_or_group;
use crate::cli::exit::Exit;
use crate::cli::guard_check::guard_check;
use crate::cli::guard_source::{GuardSource, GuardSourceArgs};
use crate::cli::output_format::OutputFormat;
use crate::cli::policy_check::LazyClock;
use crate::cli::progress;
use crate::cli::publish_target::Signers;
use crate::cli::pull_request::step_branch;
use crate::cli::time_arg::{given_or_now, parse_time};
use crate::cli::write_args::WriteArgs;
use crate::commit::CommitError;
use crate::git::Revision;
use crate::guard::ADVANCE_REASON;
use crate::report::actions::{AdvanceJson, CommittedJson, MadeStepJson, ScheduleJson, StepJson, schedule};
use crate::retry::{Backoff, RetryLimit};

/// The maximum number of decisions again after another job moved the branch.
const MAX_RETRIES: u32 = 200;
/// The maximum number of doublings of a pause between decisions.
const MAX_DOUBLINGS: u32 = 6;
/// The unit of the pauses between decisions.
const PAUSE: Duration = Duration::from_millis(20);

/// What selects steps.
#[derive(Debug, clap::Args)]
pub(crate) struct Selection {
    /// The keys of flags [default: all flags with `steps`]
    #[arg(value_name = "FLAG")]
    flags: Vec<String>,
    /// Only this environment or group; may be repeated [default: all environments]
    #[arg(short = 'e', long = "environment", value_name = "ENV")]
    environments: Vec<String>,
    /// The time of the decision, instead of the clock
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    now: Option<Timestamp>,
    #[command(flatten)]
    signers: Signers,
    #[command(flatten)]
    source: GuardSourceArgs,
}

/// List the next steps of rollouts: which are due, and what the others wait for
///
/// A step is due if the policy of its environment has `min-soak` and allows the step now. The soak is counted from the
/// published log where a target is declared. The first step, from 0%, is a person's decision. Exits with 0, also if no step
/// is due, and with 3 if the log cannot be read.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl rollout due -e production")]
pub(crate) struct DueArgs {
    #[command(flatten)]
    selection: Selection,
    /// Decide at the tip of the remote's branch instead of the local one
    #[arg(long, value_name = "NAME")]
    remote: Option<String>,
    /// The branch [default: the branch that is checked out]
    #[arg(long, value_name = "NAME")]
    branch: Option<String>,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: OutputFormat,
}

/// Make the steps that are due, one commit for each flag and step
///
/// For a scheduled job: it asks no question. Two jobs at once make each step once, because a step is committed only on the
/// commit at which it was decided; if another job was faster, everything is decided again. With `--pr`, each step gets a
/// branch whose name depends on the step, so it is proposed once; delete the branch when it is merged.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  flagctl rollout advance --dry-run\n  flagctl rollout advance -e production --push"
)]
pub(crate) struct AdvanceArgs {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    write: WriteArgs,
}

/// The condition that the guard of a flag is healthy. Flags without a guard advance by policy and soak alone.
struct GuardGate<'g> {
    tip: &'g Revision,
    clock: &'g LazyClock<'g>,
    source: &'g GuardSource,
    now: Timestamp,
}

impl StepGate for GuardGate<'_> {
    fn reason_to_wait(&self, flag: &str, environment: &str) -> Result<Option<String>, ActionError> {
        let check = self
            .clock
            .get()
            .and_then(|clock| guard_check((self.tip, clock), (flag, environment), self.source, self.now, 1));
        Ok(match check {
            Ok(None) => None,
            Ok(Some(check)) => check.reason_to_wait(),
            // What is not known is not healthy.
            Err(error) => Some(format!("the guard cannot decide: {error:#}")),
        })
    }
}

pub(crate) fn due(args: &DueArgs) -> Result<Exit> {
    let session = WriteArgs::read_only(args.branch.clone(), args.remote.clone()).open_deciding()?;
    let now = given_or_now(args.selection.now);
    let steps = args.selection.decide(&session, &args.selection.flags, now)?;
    let json = ScheduleJson {
        version: 1,
        commit: session.tip().commit(),
        now: now.to_string(),
        steps: steps.iter().map(|step| StepJson::new(step, now)).collect(),
    };
    args.format.write(&json, schedule::schedule)?;
    Ok(Exit::Yes)
}

pub(crate) fn advance(args: &AdvanceArgs) -> Result<Exit> {
    let (selection, write) = (&args.selection, &args.write);
    let mut backoff = Backoff::new(RetryLimit::Retries(MAX_RETRIES), MAX_DOUBLINGS);
    let mut session = write.open_deciding()?;
    let now = given_or_now(selection.now);
    let mut steps = selection.decide(&session, &selection.flags, now)?;
    let waiting = steps.iter().filter(|step| !step.is_due()).map(|step| StepJson::new(step, now)).collect();
    let mut result = AdvanceJson { version: 1, steps: Vec::new(), waiting };
    let mut handled: Vec<StepGroup> = Vec::new();
    loop {
        let groups = due_groups(&steps);
        let is_new = |group: &&StepGroup| {
            !handled.iter().any(|known| known.flag == group.flag && known.rule == group.rule && known.to == group.to)
        };
        let Some(group) = groups.iter().find(is_new).cloned() else { break };
        if write.is_dry_run() {
            result.steps.push(MadeStepJson::new(&group, None));
            handled.push(group);
            continue;
        }
        match make(write, &session, &group)? {
            Made::Committed(written) => {
                result.steps.push(MadeStepJson::new(&group, Some(written)));
                handled.push(group);
            }
            Made::Moved => {
                if backoff.pause(PAUSE).is_err() {
                    bail!("other jobs changed the branch first, {MAX_RETRIES} times in a row: try again");
                }
            }
        }
        // Each step changes the branch, so the others are decided again. Flags that were not due stay so.
        session = write.open_deciding()?;
        let mut keys: Vec<String> = groups.iter().map(|group| group.flag.clone()).collect();
        keys.dedup();
        steps = selection.decide(&session, &keys, given_or_now(selection.now))?;
    }
    write.format.write(&result, schedule::advance)?;
    Ok(Exit::Yes)
}

/// The result of an attempt to make a step.
enum Made {
    Committed(CommittedJson),
    /// Another job moved the branch.
    Moved,
}

/// Commits a step on the commit at which it was decided.
fn make(write: &WriteArgs, session: &WriteSession, group: &StepGroup) -> Result<Made> {
    let branch = step_branch(&group.flag, &group.environments, &group.rule, &group.to.to_string());
    let proposing = write.open_proposing(&branch)?;
    let session = proposing.as_ref().unwrap_or(session);
    let request = RolloutRequest {
        flag: &group.flag,
        environments: &group.environments,
        rule: Some(&group.rule),
        step: RolloutStep::To(group.to),
    };
    let plan = progress::shown("reading flags", || RolloutPlan::new(session, &request))?;
    plan.check_no_reassignment()?;
    let reason = ADVANCE_REASON;
    match progress::shown("committing", || plan.commit_at_tip(Some(reason))) {
        Ok(committed) => Ok(Made::Committed(write.propose(committed, (&plan.subject(), reason), session.root())?)),
        Err(ActionError::Commit(CommitError::Moved)) => Ok(Made::Moved),
        Err(error) => Err(error.into()),
    }
}

impl Selection {
    /// Decides about the next steps at the tip of a session.
    fn decide(&self, session: &WriteSession, keys: &[String], now: Timestamp) -> Result<Vec<ScheduledStep>> {
        self.environments.iter().try_for_each(|name| check_environment_or_group(name, session.settings()))?;
        let clock = LazyClock::new(session.tip(), &self.signers);
        let source = self.source.open()?;
        let gate = GuardGate { tip: session.tip(), clock: &clock, source: &source, now };
        let schedule = Schedule { clock: &clock, gate: &gate, now };
        Ok(progress::shown("judging the next steps", || scheduled_steps(session, keys, &self.environments, &schedule))?)
    }
}
