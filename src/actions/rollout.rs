//! Rollouts: one commit that changes the share of units that a rule admits, in the file of a flag.

use std::collections::BTreeSet;

use crate::actions::error::ActionError;
use crate::actions::flag_definition::FlagDefinition;
use crate::actions::flag_edit::FlagEdit;
use crate::actions::message::{ActionKind, message_with_subject};
use crate::actions::rollout_edit::with_rollout;
use crate::actions::rollout_effect::{RolloutEffect, RolloutNote, RolloutPreview};
use crate::actions::rule_selector::RuleLocation;
use crate::actions::session::{CommittedAction, WriteSession};
use crate::actions::targets::Targets;
use crate::actions::undo::{Undo, UndoCommand};
use crate::analyze::Effect;
use crate::bundle::Percent;
use crate::commit::{CommitError, CommitFiles};
use crate::load;

/// The rollout to set.
#[derive(Debug, Clone, Copy)]
pub struct RolloutRequest<'r> {
    /// The key of the flag.
    pub flag: &'r str,
    /// The names of the requested environments and groups of environments. The settings must declare each of them.
    pub environments: &'r [String],
    /// The name of the rule, or its number, such as `#2`, or `None` for the only rule with a rollout.
    pub rule: Option<&'r str>,
    /// The new rollout.
    pub step: RolloutStep,
}

/// The new rollout of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RolloutStep {
    /// The rollout is this percentage.
    To(Percent),
    /// The lowest of the rule's `steps` that is higher than the current rollout.
    Next,
    /// The highest of the rule's `steps` that is lower than the current rollout.
    Back,
}

/// The effects of a rollout, before it is committed.
#[derive(Debug)]
pub struct RolloutPlan<'s> {
    session: &'s WriteSession,
    definition: FlagDefinition,
    location: RuleLocation,
    percent: Percent,
    /// The planned text of the flag's file.
    new_text: String,
    effects: Vec<RolloutEffect>,
}

impl<'s> RolloutPlan<'s> {
    /// Computes the effects of a rollout at the tip of the branch.
    ///
    /// # Errors
    /// Returns an error if the flag, the rule or the step is unknown or ambiguous, or if the definition of
    /// the flag has errors.
    pub fn new(session: &'s WriteSession, request: &RolloutRequest<'_>) -> Result<Self, ActionError> {
        let definition = FlagDefinition::read(session, request.flag)?;
        let FlagDefinition { flag, path, text } = &definition;
        let location = RuleLocation::find(flag, session.settings(), request.environments, request.rule)?;
        let percent = new_rollout(&location, request.step)?;
        let new_text = if location.rollout == percent { text.clone() } else { with_rollout(text, &location, percent)? };
        let dependants =
            load::dependants(&session.source(), &[request.flag.to_owned()], &load::SharedNames::default())?;
        let keys: Vec<String> = std::iter::once(request.flag.to_owned()).chain(dependants).collect();
        let mut effects = Vec::new();
        let preview = RolloutPreview { session, keys: &keys, path, new_text: &new_text, percent };
        for environment in &location.environments {
            effects.push(preview.effect(&location, environment)?);
        }
        Ok(Self { session, definition, location, percent, new_text, effects })
    }

    /// Returns the key of the flag.
    pub fn flag(&self) -> &str {
        &self.definition.flag.key
    }

    /// Returns the name of the rule, or its number.
    pub fn rule(&self) -> String {
        self.location.name()
    }

    /// Returns the effect in each requested environment.
    pub fn effects(&self) -> &[RolloutEffect] {
        &self.effects
    }

    /// Returns whether the rule already has the rollout.
    pub fn is_done(&self) -> bool {
        self.location.rollout == self.percent
    }

    /// Returns the flag in each requested environment. The list is empty if the rule already has the rollout.
    pub fn targets(&self) -> Targets {
        let environments = if self.is_done() { [].as_slice() } else { &self.location.environments };
        Targets::new(environments.iter().map(|environment| (self.flag().to_owned(), environment.clone())))
    }

    /// Returns the subject of the commit: the flag, the environments, the rule, and both percentages.
    pub fn subject(&self) -> String {
        let Self { location, percent, .. } = self;
        format!("rollout {}: {} {} → {percent}", self.targets(), location.name(), location.rollout)
    }

    /// Returns the command that reverts the rollout.
    pub fn undo(&self) -> Undo {
        let command = UndoCommand::Rollout {
            flag: self.flag().to_owned(),
            environments: self.location.environments.clone(),
            rule: self.location.name(),
            percent: self.location.rollout,
        };
        Undo { command, destination: self.session.destination().clone() }
    }

    /// Checks that units change only from `off` to another variant, or from another variant to `off`.
    ///
    /// # Errors
    /// Returns [`ActionError::Reassigns`] if units change from one variant to another and neither is `off`, or if the
    /// hash of units changes.
    pub fn check_no_reassignment(&self) -> Result<(), ActionError> {
        let notes = self.effects.iter().flat_map(|effect| &effect.notes);
        let mut effects = notes.flat_map(|note| match note {
            RolloutNote::Moves { region, .. } => region.effects.clone(),
            RolloutNote::AlreadyAt(_) | RolloutNote::Unknown { .. } | RolloutNote::Complete(_) => BTreeSet::new(),
        });
        let reassigns = effects.any(|effect| matches!(effect, Effect::Reassign | Effect::Reshuffle));
        if reassigns { Err(ActionError::Reassigns) } else { Ok(()) }
    }

    /// Commits the rollout if the branch is still at the tip at which it was planned.
    ///
    /// # Errors
    /// Returns [`CommitError::Moved`] if another process has moved the branch, and an error like [`RolloutPlan::commit`].
    pub fn commit_at_tip(&self, reason: Option<&str>) -> Result<CommittedAction, ActionError> {
        let tip = self.session.tip().commit();
        let committed =
            self.commit_if(reason, |tree| if tree.commit() == tip { Ok(()) } else { Err(CommitError::Moved) });
        committed.map_err(|error| match error {
            ActionError::Commit(CommitError::Apply(inner))
                if matches!(inner.downcast_ref::<CommitError>(), Some(CommitError::Moved)) =>
            {
                CommitError::Moved.into()
            }
            error => error,
        })
    }

    /// Commits the rollout. If another process has set the same rollout in the meantime, nothing is committed.
    ///
    /// # Errors
    /// Returns an error if the file cannot be edited or was changed in the meantime, or if the commit cannot be made.
    pub fn commit(&self, reason: Option<&str>) -> Result<CommittedAction, ActionError> {
        self.commit_if(reason, |_| Ok(()))
    }

    fn commit_if(
        &self,
        reason: Option<&str>,
        check: impl Fn(&CommitFiles) -> Result<(), CommitError>,
    ) -> Result<CommittedAction, ActionError> {
        let FlagDefinition { path, text, .. } = &self.definition;
        let edit = FlagEdit {
            path: self.session.git_path(path),
            old_text: text,
            new_text: &self.new_text,
            edit: &|text| with_rollout(text, &self.location, self.percent),
        };
        let message = message_with_subject(self.subject(), ActionKind::Rollout, &self.targets(), reason);
        self.session.commit(|tree| {
            check(tree)?;
            edit.changes(tree, &message)
        })
    }
}

/// Returns the percentage after a step.
fn new_rollout(location: &RuleLocation, step: RolloutStep) -> Result<Percent, ActionError> {
    let present = location.rollout;
    let steps = || location.steps.iter().copied();
    if !matches!(step, RolloutStep::To(_)) && location.steps.is_empty() {
        return Err(ActionError::NoSteps(location.name()));
    }
    let percent = match step {
        RolloutStep::To(percent) => Some(percent),
        RolloutStep::Next => steps().filter(|step| *step > present).min(),
        RolloutStep::Back => steps().filter(|step| *step < present).max(),
    };
    let error = || ActionError::NoFurtherStep { rule: location.name(), percent: present.to_string() };
    percent.ok_or_else(error)
}
