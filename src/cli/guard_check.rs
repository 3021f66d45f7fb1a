//! The check of a guarded flag: its stage, by the clock of its environment, and the verdict on it.

use anyhow::{Result, anyhow};
use jiff::Timestamp;

use crate::cli::exit::Exit;
use crate::cli::guard_source::GuardSource;
use crate::cli::stage_clock::StageClock;
use crate::git::Revision;
use crate::guard::{BreakerState, Checked, GuardError, GuardVerdict, GuardedFlag};
use crate::stage::{Reach, StageQuery};

/// A guarded flag, with the result of its check.
pub(crate) struct GuardCheck {
    pub(crate) guarded: GuardedFlag,
    pub(crate) checked: Checked,
}

impl GuardCheck {
    /// Returns why the rollout may not go on, or `None` if the breaker is closed and the stage is healthy.
    pub(crate) fn reason_to_wait(&self) -> Option<String> {
        let verdict = self.checked.judgement.as_ref().map(|judgement| &judgement.verdict);
        match (&self.guarded.state, verdict) {
            (BreakerState::Closed, Some(GuardVerdict::Healthy)) => None,
            (BreakerState::Closed, Some(verdict)) => Some(format!("the verdict of the guard is {}", verdict.name())),
            (BreakerState::Closed, None) => Some("the guard has no verdict, because the stage is not live".to_owned()),
            (state, _) => Some(format!("the guard is {}", state.name())),
        }
    }
}

/// Checks a flag in an environment. Returns `None` if it has no guard there.
///
/// # Errors
/// Returns an error if the guard, the stage or a commit cannot be read. A problem with the numbers is a verdict.
pub(crate) fn guard_check(
    (tip, clock): (&Revision, &StageClock),
    (flag, environment): (&str, &str),
    source: &GuardSource,
    now: Timestamp,
    looks: u32,
) -> Result<Option<GuardCheck>> {
    let guarded = match GuardedFlag::read(tip, flag, environment) {
        Err(GuardError::NoGuard(_) | GuardError::OtherEnvironment { .. }) => return Ok(None),
        guarded => guarded?,
    };
    if !guarded.state.needs_verdict() {
        return Ok(Some(GuardCheck { guarded, checked: Checked { stage: None, judgement: None } }));
    }
    let stages = clock.stages(&StageQuery { flag, environment, tip }, Reach::NEWEST)?;
    let stage = stages.current().cloned();
    let judgement = match &stage {
        Some(stage) => Some(guarded.judgement(stage, now, looks, |question| source.metrics(question))?),
        None => None,
    };
    Ok(Some(GuardCheck { guarded, checked: Checked { stage, judgement } }))
}

/// Returns the error about a flag without a guard in an environment.
pub(crate) fn no_guard(flag: &str, environment: &str) -> anyhow::Error {
    anyhow!(
        "`{flag}` has no `guard` in {environment}: add one to the file of the flag, as `flagctl explain unfit-guard` shows"
    )
}

/// Returns the exit for a verdict, or for a state that needs none.
pub(crate) fn exit(guarded: &GuardedFlag, verdict: Option<&GuardVerdict>) -> Exit {
    match verdict {
        Some(GuardVerdict::DataProblem) => Exit::Failed,
        Some(GuardVerdict::Healthy) if guarded.state != BreakerState::Latched => Exit::Yes,
        Some(_) | None => Exit::No,
    }
}
