//! The step that a decision of a guard makes on the branch.

use jiff::Timestamp;

use crate::actions::{
    ActionError, GuardStep, GuardStepRequest, KillFileStep, RolloutBack, WriteSession, guard_kill_text,
};
use crate::git::Revision;
use crate::guard::check::GuardedFlag;
use crate::guard::decision::Decision;
use crate::guard::error::GuardError;
use crate::guard::state::{GUARD, Transition};
use crate::guard::trips::{DECISION_TRAILER, STATE_TRAILER};
use crate::load;
use crate::model::Flag;
use crate::source::Source;

/// A step that can be written.
pub struct GuardedStep {
    flag: String,
    environment: String,
    kill: KillFileStep,
    rollout: RolloutBack,
    subject: String,
    reason: String,
    trailers: Vec<(String, String)>,
}

impl GuardedStep {
    /// Returns the subject of the commit.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Returns the reason, for the text of a pull request.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Plans the step on the branch of a session.
    ///
    /// # Errors
    /// Returns an error if the rollout cannot go back.
    pub fn plan<'s>(&self, session: &'s WriteSession) -> Result<GuardStep<'s>, ActionError> {
        let request = GuardStepRequest {
            flag: &self.flag,
            environment: &self.environment,
            kill: self.kill.clone(),
            rollout: self.rollout,
            subject: self.subject.clone(),
            trailers: self.trailers.clone(),
        };
        GuardStep::new(session, &request)
    }
}

/// Returns the step of a decision, or the reason in words why nothing can be written.
///
/// # Errors
/// Returns the reason, for example that there is no rollout that could resume.
pub fn planned_step(
    session: &WriteSession,
    guarded: &GuardedFlag,
    decision: &Decision,
    now: Timestamp,
) -> Result<GuardedStep, String> {
    let (flag, environment) = (&guarded.flag.key, &guarded.environment);
    let text = |admit| guard_kill_text(&decision.reason, GUARD, now, admit, &decision.evidence);
    let text = |admit| text(admit).map_err(|error| error.to_string());
    let (kill, rollout, verb) = match &decision.transition {
        Transition::Open(_) => (KillFileStep::Write(text(None)?), RolloutBack::Keep, "kill"),
        Transition::Probe(share) => (KillFileStep::Write(text(Some(*share))?), RolloutBack::Keep, "probe"),
        Transition::Close => (KillFileStep::Remove, RolloutBack::OneStep, "close"),
        Transition::StepBack(_) => (KillFileStep::Keep, RolloutBack::OneStep, "step back"),
        Transition::Stay | Transition::Hold(_) => return Err("nothing follows".to_owned()),
    };
    let trailer = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let step = GuardedStep {
        flag: flag.clone(),
        environment: environment.clone(),
        kill,
        rollout,
        subject: format!("guard: {verb} {flag} in {environment}"),
        reason: decision.reason.clone(),
        trailers: vec![
            trailer("Reason", &decision.reason),
            trailer("Flagctl-Action", "guard"),
            trailer(STATE_TRAILER, decision.to),
            trailer(DECISION_TRAILER, &decision.digest),
        ],
    };
    let by_person = |error: &ActionError| match decision.transition {
        Transition::Close => format!(
            "the probe is healthy, but no rollout can resume one step back ({error}): a person reopens the flag with \
             `flagctl revive {flag} -e {environment}`"
        ),
        _ => format!("the rollout cannot go back: {error}"),
    };
    let plan = step.plan(session).map_err(|error| by_person(&error))?;
    if !plan.changes_a_file() {
        return Err("the rollout is at its first step, so it cannot go back; it does not go on".to_owned());
    }
    Ok(step)
}

/// Returns the keys of all flags whose guard applies in an environment, in the order of the keys.
///
/// # Errors
/// Returns [`GuardError`] if the definitions cannot be read.
pub fn guarded_flags(tip: &Revision, environment: &str) -> Result<Vec<String>, GuardError> {
    let loaded = load::all(&Source::Revision(tip.clone()))?;
    let settings = &loaded.project.settings;
    let is_guarded = |flag: &&Flag| flag.guard.as_ref().is_some_and(|guard| guard.applies_in(environment, settings));
    let mut keys: Vec<String> = loaded.project.flags.iter().filter(is_guarded).map(|flag| flag.key.clone()).collect();
    keys.sort_unstable();
    Ok(keys)
}
