//! The step of a guard: one commit that writes or removes the kill file of a flag, and may set its rollout one step back.
//!
//! The decision of a guard holds for the files that it has read. If another process changed the kill file or the flag's
//! file in the meantime, nothing is written and the guard decides again.

use crate::actions::error::ActionError;
use crate::actions::flag_definition::FlagDefinition;
use crate::actions::rollout_edit::with_rollout;
use crate::actions::rule_selector::RuleLocation;
use crate::actions::session::{CommittedAction, WriteSession};
use crate::bundle::Percent;
use crate::commit::{Changes, CommitError, CommitFiles, Message};
use crate::model::kill_path;

/// What happens to the kill file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KillFileStep {
    /// It stays as it is.
    Keep,
    /// It gets this text.
    Write(String),
    /// It is removed.
    Remove,
}

/// What happens to the rollout of the flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RolloutBack {
    /// It stays as it is.
    Keep,
    /// It goes one step back, and stays if it is at the first step.
    OneStep,
}

/// The request for a step.
#[derive(Debug, Clone)]
pub struct GuardStepRequest<'r> {
    /// The key of the flag.
    pub flag: &'r str,
    /// The environment.
    pub environment: &'r str,
    /// What happens to the kill file.
    pub kill: KillFileStep,
    /// What happens to the rollout.
    pub rollout: RolloutBack,
    /// The subject of the commit.
    pub subject: String,
    /// The trailers of the commit.
    pub trailers: Vec<(String, String)>,
}

/// A step before it is committed.
pub struct GuardStep<'s> {
    session: &'s WriteSession,
    kill_path: String,
    kill: KillFileStep,
    flag_path: String,
    /// The path, and the texts before and after, of the flag's file, if the rollout changes.
    rollout: Option<(Percent, Percent, String)>,
    message: Message,
    old_kill: Option<Vec<u8>>,
    old_flag: Vec<u8>,
}

/// The error of a step that no longer fits the files of the branch.
#[derive(Debug, thiserror::Error)]
#[error("the flag or its kill was changed in the meantime")]
struct MovedOn;

impl<'s> GuardStep<'s> {
    /// Plans a step at the tip of the branch.
    ///
    /// # Errors
    /// Returns an error if the flag is unknown, or if its rollout cannot go back.
    pub fn new(session: &'s WriteSession, request: &GuardStepRequest<'_>) -> Result<Self, ActionError> {
        let definition = FlagDefinition::read(session, request.flag)?;
        let environments = [request.environment.to_owned()];
        let rollout = match request.rollout {
            RolloutBack::Keep => None,
            RolloutBack::OneStep => {
                let location = RuleLocation::find(&definition.flag, session.settings(), &environments, None)?;
                let percent = one_step_back(&location);
                let text = match percent == location.rollout {
                    true => definition.text.clone(),
                    false => with_rollout(&definition.text, &location, percent)?,
                };
                Some((location.rollout, percent, text))
            }
        };
        let kill_path = kill_path(request.flag, request.environment);
        let old = |path: &str| -> Result<Option<Vec<u8>>, ActionError> {
            Ok(session.tip().read(path)?.map(|file| file.text.into_bytes()))
        };
        let trailers = [("Flag", request.flag), ("Environment", request.environment)];
        let trailers = trailers.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let trailers = trailers.chain(request.trailers.iter().cloned()).collect();
        Ok(Self {
            old_kill: old(&kill_path)?,
            old_flag: old(&definition.path)?.unwrap_or_default(),
            kill_path: session.git_path(&kill_path),
            kill: request.kill.clone(),
            flag_path: session.git_path(&definition.path),
            rollout,
            message: Message { trailers, ..Message::new(request.subject.clone()) },
            session,
        })
    }

    /// Returns the rollout before and after the step, if it changes.
    pub fn rollout(&self) -> Option<(Percent, Percent)> {
        self.rollout.as_ref().map(|(before, after, _)| (*before, *after)).filter(|(before, after)| before != after)
    }

    /// Returns whether the step changes a file.
    pub fn changes_a_file(&self) -> bool {
        self.kill != KillFileStep::Keep || self.rollout().is_some()
    }

    /// Commits the step.
    ///
    /// # Errors
    /// Returns an error that [`is_moved_on`] recognises if the guard has to decide again, and another error if the commit
    /// cannot be made.
    pub fn commit(&self) -> Result<CommittedAction, ActionError> {
        self.session.commit(|tree| self.changes(tree))
    }

    fn changes(&self, tree: &CommitFiles) -> Result<Changes, CommitError> {
        let is_same = tree.read(&self.kill_path)? == self.old_kill
            && tree.read(&self.flag_path)?.as_ref() == Some(&self.old_flag);
        if !is_same {
            return Err(CommitError::Apply(Box::new(MovedOn)));
        }
        let mut changes = Changes::new(self.message.clone());
        match &self.kill {
            KillFileStep::Keep => {}
            KillFileStep::Write(text) => changes.replace(self.kill_path.clone(), text.clone()),
            KillFileStep::Remove => changes.remove(self.kill_path.clone()),
        }
        if let Some((_, _, text)) = &self.rollout {
            changes.write(self.flag_path.clone(), text.clone());
        }
        Ok(changes)
    }
}

/// Returns whether a step failed because the files of the flag changed, so that the guard has to decide again.
pub fn is_moved_on(error: &ActionError) -> bool {
    matches!(error, ActionError::Commit(error) if is_moved(error))
}

fn is_moved(error: &CommitError) -> bool {
    match error {
        // The commit wraps the error of the step, which may be one of a commit itself.
        CommitError::Apply(cause) => cause.is::<MovedOn>() || cause.downcast_ref::<CommitError>().is_some_and(is_moved),
        CommitError::Contended { .. } => true,
        _ => false,
    }
}

/// Returns the rollout one step back: the highest step below the present, or the present at the first step. Without steps,
/// half of the present.
fn one_step_back(location: &RuleLocation) -> Percent {
    let present = location.rollout;
    let lower = location.steps.iter().copied().filter(|step| *step < present).max();
    match lower {
        Some(step) => step,
        None if location.steps.is_empty() => Percent::from_buckets((present.buckets() / 2).max(1)).unwrap_or(present),
        None => present,
    }
}
