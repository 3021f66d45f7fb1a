//! `flagctl guard run`: judges rollouts, and writes what follows.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, anyhow};
use jiff::Timestamp;

use crate::actions::{Destination, Review, WriteMode, WriteOptions, WriteSession, is_moved_on};
use crate::cli::console;
use crate::cli::environment_arg::{OneEnvironment, check_environment};
use crate::cli::exit::Exit;
use crate::cli::guard_check::{GuardCheck, exit, guard_check, no_guard};
use crate::cli::guard_source::{GuardSource, GuardSourceArgs};
use crate::cli::output_format::OutputFormat;
use crate::cli::publish_target::Signers;
use crate::cli::pull_request;
use crate::cli::stage_clock::StageClock;
use crate::cli::time_arg::{given_or_now, parse_time};
use crate::commit::Hooks;
use crate::forge::RemoteRepository;
use crate::guard::{BreakerState, GuardedFlag, GuardedStep, decide, guarded_flags, planned_step};
use crate::model::GuardMode;
use crate::report;
use crate::report::actions::CommittedJson;
use crate::report::guard::{GuardRunJson, GuardStepJson, WrittenStepJson};
use crate::retry::{Backoff, RetryLimit};

/// The number of new decisions after another process was faster.
const RETRIES: u32 = 5;
/// The first pause before a new decision.
const PAUSE: Duration = Duration::from_millis(100);

/// Judge rollouts by their metrics, and write what follows
///
/// What follows is in the guard of each flag: a kill, one step back of the rollout, or a report. After the cooldown, a probe
/// with a small share of the units decides whether the rollout resumes. Several runs at once make one commit. Exits with 0
/// if all rollouts are healthy, with 1 if one is not, and with 3 if numbers cannot be trusted.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: flagctl guard run -e production --push")]
pub(crate) struct Args {
    /// The keys of the flags [default: all flags with a guard in the environment]
    #[arg(value_name = "FLAG")]
    flags: Vec<String>,
    #[command(flatten)]
    environment: OneEnvironment,
    #[command(flatten)]
    source: GuardSourceArgs,
    /// The branch to commit to [default: the branch that is checked out]
    #[arg(long, value_name = "NAME")]
    branch: Option<String>,
    /// Read the remote's branch, commit on top of it, and push that commit
    #[arg(long)]
    push: bool,
    /// The remote to push to [default: origin]
    #[arg(long, value_name = "NAME", requires = "push")]
    remote: Option<String>,
    /// Do not run git's `pre-commit`, `commit-msg` and `pre-push` hooks
    #[arg(long)]
    no_verify: bool,
    /// Show what follows, and write nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    signers: Signers,
    /// The time of the verdict, instead of the clock
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    now: Option<Timestamp>,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: OutputFormat,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let session = WriteSession::open(Path::new("."), options(args, args.branch.clone(), Review::None))?;
    let environment = args.environment.or_only(session.settings())?;
    let flags = match args.flags.as_slice() {
        [] => guarded_flags(session.tip(), &environment)?,
        flags => flags.to_vec(),
    };
    let source = args.source.open()?;
    drop(session);
    let mut result = GuardRunJson { version: 1, flags: Vec::new() };
    let mut worst = Exit::Yes;
    for flag in &flags {
        match run_flag(args, flag, &environment, &source) {
            Ok((step, exit)) => {
                result.flags.push(step);
                worst = worse(worst, exit);
            }
            // The others must not wait for a flag whose definition is broken.
            Err(error) if flags.len() > 1 => {
                console::error(format!("{flag}: {error:#}"));
                worst = Exit::Failed;
            }
            Err(error) => return Err(error),
        }
    }
    args.format.write(&result, report::guard::run)?;
    Ok(worst)
}

fn worse(first: Exit, second: Exit) -> Exit {
    if first.code() >= second.code() { first } else { second }
}

fn remote(args: &Args) -> &str {
    args.remote.as_deref().unwrap_or("origin")
}

fn options(args: &Args, branch: Option<String>, review: Review) -> WriteOptions {
    WriteOptions {
        destination: Destination { branch, remote: args.push.then(|| remote(args).to_owned()), review },
        hooks: if args.no_verify { Hooks::Skip } else { Hooks::Run },
        push_options: &[],
        mode: if args.dry_run { WriteMode::DryRun } else { WriteMode::Commit },
    }
}

/// Decides and writes, and decides again if another process was faster.
fn run_flag(args: &Args, flag: &str, environment: &str, source: &GuardSource) -> Result<(GuardStepJson, Exit)> {
    let mut backoff = Backoff::new(RetryLimit::Retries(RETRIES), 3);
    loop {
        let session = WriteSession::open(Path::new("."), options(args, args.branch.clone(), Review::None))?;
        check_environment(environment, session.settings())?;
        let tip = session.tip();
        let clock = StageClock::open(tip, &args.signers)?;
        let now = given_or_now(args.now);
        let check = guard_check((tip, &clock), (flag, environment), source, now, 1)?;
        let Some(GuardCheck { guarded, checked }) = check else {
            return Err(no_guard(flag, environment));
        };
        let decision = decide(&guarded, &checked, now);
        let mut json = GuardStepJson::new(&guarded, &checked, &decision);
        let verdict = checked.judgement.as_ref().map(|judgement| &judgement.verdict);
        let exit = exit(&guarded, verdict);
        if guarded.state == BreakerState::Latched {
            json.note = Some(latched(&guarded));
        }
        if !decision.transition.is_written() {
            return Ok((json, exit));
        }
        match planned_step(&session, &guarded, &decision, now) {
            Err(note) => json.note = Some(note),
            Ok(step) => match write(args, &session, &guarded, &step, &decision.digest)? {
                Written::Not(note) => {
                    json.written = Some(unwritten(&step));
                    json.note = Some(note);
                }
                Written::Commit(written) => json.written = Some(written),
                Written::MovedOn => match backoff.pause(PAUSE) {
                    Ok(()) => continue,
                    Err(exhausted) => {
                        let attempts = exhausted.attempts;
                        return Err(anyhow!(
                            "other processes changed `{flag}` during {attempts} decisions: run the command again"
                        ));
                    }
                },
            },
        }
        return Ok((json, exit));
    }
}

/// The result of writing a step.
enum Written {
    /// Nothing, for this reason.
    Not(String),
    /// A commit.
    Commit(WrittenStepJson),
    /// Nothing, because the decision no longer fits the branch.
    MovedOn,
}

fn write(
    args: &Args,
    session: &WriteSession,
    guarded: &GuardedFlag,
    step: &GuardedStep,
    digest: &str,
) -> Result<Written> {
    let mode = guarded.guard.mode;
    if args.dry_run || mode == GuardMode::Observe {
        return Ok(Written::Not("nothing was written".to_owned()));
    }
    let forge = if args.push { pull_request::remote_repository(remote(args))? } else { None };
    let proposal = match mode {
        GuardMode::Commit | GuardMode::Observe => None,
        GuardMode::Propose if !args.push => {
            return Ok(Written::Not("`mode: propose` pushes a branch: run the command with `--push`".to_owned()));
        }
        GuardMode::Propose => {
            // The name of the branch is the lock of concurrent runs.
            let branch = format!("guard/{}", digest.get(..16).unwrap_or(digest));
            let push_options = forge.as_ref().map_or(&[][..], RemoteRepository::push_options);
            let options = WriteOptions { push_options, ..options(args, Some(branch), Review::PullRequest) };
            Some(WriteSession::open(Path::new("."), options)?)
        }
    };
    if let Some(proposal) = &proposal
        && proposal.tip().commit() != session.tip().commit()
        && !GuardedFlag::read(proposal.tip(), &guarded.flag.key, &guarded.environment)?.has_same_files(guarded)
    {
        let branch = proposal.destination().branch.clone().unwrap_or_default();
        return Ok(Written::Not(format!("already proposed on `{branch}`")));
    }
    let committed = match &proposal {
        None => step.plan(session)?.commit(),
        Some(proposal) => step.plan(proposal)?.commit(),
    };
    match committed {
        Ok(committed) => {
            let mut committed = CommittedJson::from(committed);
            if let (Some(_), Some(_), Some(forge)) = (&proposal, &committed.commit, &forge) {
                let texts = (step.subject(), step.reason());
                committed.pull_request = Some(pull_request::open(forge, &committed, texts, session.root()));
            }
            Ok(Written::Commit(WrittenStepJson { subject: step.subject().to_owned(), committed: Some(committed) }))
        }
        Err(error) if is_moved_on(&error) => Ok(Written::MovedOn),
        Err(error) => Err(error.into()),
    }
}

fn unwritten(step: &GuardedStep) -> WrittenStepJson {
    WrittenStepJson { subject: step.subject().to_owned(), committed: None }
}

/// Says how a person reopens a latched flag.
fn latched(guarded: &GuardedFlag) -> String {
    let (flag, environment) = (&guarded.flag.key, &guarded.environment);
    match guarded.kill {
        crate::guard::KillState::None => format!(
            "the guard tripped {} times, so it waits for a person: change the rollout of `{flag}` in its file",
            guarded.trips
        ),
        _ => format!(
            "the guard tripped {} times, so only a person reopens the flag: `flagctl revive {flag} -e {environment}`",
            guarded.trips
        ),
    }
}
