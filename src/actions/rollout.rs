//! Rollouts: the share of units that a rule admits is changed in the file of a flag, in one commit.

use std::collections::BTreeSet;

use crate::actions::change_preview::changed_regions;
use crate::actions::error::ActionError;
use crate::actions::message::{ActionKind, message_with_subject};
use crate::actions::rollout_edit::{RolloutEdit, with_rollout};
use crate::actions::rule_selector::{RuleLocation, has_rollout, rollout};
use crate::actions::session::{CommittedAction, WriteSession};
use crate::actions::targets::Targets;
use crate::actions::undo::{Undo, UndoCommand};
use crate::analyze;
use crate::analyze::{Effect, Region};
use crate::bundle::{Bundle, Percent};
use crate::load;
use crate::load::Loaded;
use crate::model::Flag;
use crate::yaml::Completeness;

/// The rollout to set.
#[derive(Debug, Clone, Copy)]
pub struct RolloutRequest<'r> {
    /// The key of the flag.
    pub flag: &'r str,
    /// The names of the environments that are meant, each of them declared; if empty, all that have rules.
    pub environments: &'r [String],
    /// The name of the rule, or its number, such as `#2`; none for the only rule with a rollout.
    pub rule: Option<&'r str>,
    /// The new rollout.
    pub step: RolloutStep,
}

/// The new rollout of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RolloutStep {
    /// A percentage.
    To(Percent),
    /// The lowest of the rule's `steps` above its present rollout.
    Next,
    /// The highest of the rule's `steps` below its present rollout.
    Back,
}

/// The effect of a rollout in an environment.
#[derive(Debug)]
pub struct RolloutEffect {
    /// The name of the environment.
    pub environment: String,
    /// What the environment serves now.
    pub before: Bundle,
    /// What the environment will serve.
    pub after: Bundle,
    /// The consequences, in the order in which they are shown.
    pub notes: Vec<RolloutNote>,
}

/// One consequence of a rollout, or the reason why it has none.
#[derive(Debug, Clone)]
pub enum RolloutNote {
    /// The rule already has this rollout.
    AlreadyAt(Percent),
    /// Contexts get another variant of the flag, or of a flag that depends on it.
    Moves {
        /// The key of the dependent flag; none for the flag itself.
        dependent: Option<String>,
        /// The contexts.
        region: Region,
    },
    /// Which contexts get another variant is unknown, because the analysis exceeds its budget.
    Unknown {
        /// The key of the dependent flag; none for the flag itself.
        dependent: Option<String>,
    },
    /// The list of the contexts that get another variant of the flag is complete.
    Complete(UnitMoves),
}

/// The directions in which a rollout moves units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitMoves {
    /// No context gets another variant.
    None,
    /// Units only enter.
    OnlyEnter,
    /// Units only leave.
    OnlyLeave,
    /// Units enter and leave, or move between variants.
    Mixed,
}

/// The effects of a rollout, before it is committed.
#[derive(Debug)]
pub struct RolloutPlan<'s> {
    session: &'s WriteSession,
    loaded: Loaded,
    flag: String,
    path: String,
    location: RuleLocation,
    percent: Percent,
    effects: Vec<RolloutEffect>,
}

impl<'s> RolloutPlan<'s> {
    /// Computes the effects of a rollout at the tip of the branch.
    ///
    /// # Errors
    /// Returns an error if the flag or the rule is unknown or not clear, if there is no such step, or if the definition of
    /// the flag has errors.
    pub fn new(session: &'s WriteSession, request: &RolloutRequest<'_>) -> Result<Self, ActionError> {
        let path = session.flag_path(request.flag)?;
        let declared = environment_names(session);
        let loaded = load_flag(session, request.flag, &declared)?;
        let flag = complete_flag(&loaded, request.flag)?;
        let location = RuleLocation::find(flag, &declared, request.environments, request.rule)?;
        let percent = new_rollout(&location, request.step)?;
        let dependents = load::dependants(&session.source(), &[request.flag.to_owned()], &[])?;
        let keys: Vec<String> = std::iter::once(request.flag.to_owned()).chain(dependents).collect();
        let mut effects = Vec::new();
        for environment in &location.environments {
            effects.push(rollout_effect(session, &keys, &location, environment, percent)?);
        }
        Ok(Self { session, loaded, flag: request.flag.to_owned(), path, location, percent, effects })
    }

    /// Returns the key of the flag.
    pub fn flag(&self) -> &str {
        &self.flag
    }

    /// Returns the index of the rule.
    pub fn rule_index(&self) -> usize {
        self.location.rule_index
    }

    /// Returns the effects in each environment that uses the rule.
    pub fn effects(&self) -> &[RolloutEffect] {
        &self.effects
    }

    /// Returns whether the rule already has the rollout.
    pub fn is_done(&self) -> bool {
        self.location.rollout() == self.percent
    }

    /// Returns the flag in each environment that uses the rule; empty if the rule already has the rollout.
    pub fn targets(&self) -> Targets {
        let environments = if self.is_done() { [].as_slice() } else { &self.location.environments };
        Targets::new(environments.iter().map(|environment| (self.flag.clone(), environment.clone())))
    }

    /// Returns the subject of the commit: the flag, the environments, the rule, and both percentages.
    pub fn subject(&self) -> String {
        let Self { location, percent, .. } = self;
        format!("rollout {}: {} {} → {percent}", self.targets(), location.name(), location.rollout())
    }

    /// Returns the command that reverts the rollout.
    pub fn undo(&self) -> Undo {
        let command = UndoCommand::Rollout {
            flag: self.flag.clone(),
            environments: self.location.environments.clone(),
            rule: self.location.name(),
            percent: self.location.rollout(),
        };
        Undo { command, destination: self.session.destination().clone() }
    }

    /// Checks that units only move between `off` and another variant.
    ///
    /// # Errors
    /// Returns [`ActionError::Reassigns`] if units move between two other variants, or are hashed again.
    pub fn check_no_reassignment(&self) -> Result<(), ActionError> {
        let notes = self.effects.iter().flat_map(|effect| &effect.notes);
        let mut effects = notes.flat_map(|note| match note {
            RolloutNote::Moves { region, .. } => region.effects.clone(),
            RolloutNote::AlreadyAt(_) | RolloutNote::Unknown { .. } | RolloutNote::Complete(_) => BTreeSet::new(),
        });
        let reassigns = effects.any(|effect| matches!(effect, Effect::Reassign | Effect::Reshuffle));
        if reassigns { Err(ActionError::Reassigns) } else { Ok(()) }
    }

    /// Commits the rollout. Nothing is committed if another process has set the same rollout in the meantime.
    ///
    /// # Errors
    /// Returns an error if the file cannot be edited, if it was changed in the meantime, or if the commit cannot be made.
    pub fn commit(&self, reason: Option<&str>) -> Result<CommittedAction, ActionError> {
        let flag = complete_flag(&self.loaded, &self.flag)?;
        let old_text = &self.loaded.snapshot.file(flag.file).text;
        let edit = RolloutEdit {
            path: self.session.git_path(&self.path),
            old_text,
            new_text: with_rollout(old_text, &self.location, self.percent)?,
            location: &self.location,
            percent: self.percent,
        };
        let message = message_with_subject(self.subject(), ActionKind::Rollout, &self.targets(), reason);
        self.session.commit(|tree| edit.apply(tree, &message))
    }
}

fn environment_names(session: &WriteSession) -> Vec<String> {
    session.settings().environment_names().map(str::to_owned).collect()
}

fn load_flag(session: &WriteSession, key: &str, declared: &[String]) -> Result<Loaded, ActionError> {
    session.load(&[key.to_owned()], declared.first().map_or("", String::as_str))
}

/// Returns the flag if its file has no errors.
fn complete_flag<'l>(loaded: &'l Loaded, key: &str) -> Result<&'l Flag, ActionError> {
    let flag = loaded.project.flag(key).filter(|flag| flag.completeness == Completeness::Complete);
    flag.ok_or_else(|| ActionError::InvalidDefinition(key.to_owned()))
}

fn new_rollout(location: &RuleLocation, step: RolloutStep) -> Result<Percent, ActionError> {
    let present = location.rollout();
    let steps = || location.rule.steps.iter().map(|step| step.value);
    if !matches!(step, RolloutStep::To(_)) && location.rule.steps.is_empty() {
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

/// Computes the effect on the first of `keys`, and on the others, which depend on it.
fn rollout_effect(
    session: &WriteSession,
    keys: &[String],
    location: &RuleLocation,
    environment: &str,
    percent: Percent,
) -> Result<RolloutEffect, ActionError> {
    let before = session.bundle(keys, environment)?;
    let mut after = before.clone();
    let mut notes = Vec::new();
    for (position, key) in keys.iter().enumerate() {
        let dependent = (position > 0).then(|| key.clone());
        match (after.flags.find_mut(key), &dependent) {
            (Some(flag), None) => {
                if let Some(rule) = flag.rules.get_mut(location.rule_index) {
                    rule.rollout = percent;
                }
            }
            (Some(_), Some(_)) => {}
            (None, None) => {
                return Err(ActionError::Undecidable { key: key.clone(), environment: environment.to_owned() });
            }
            (None, Some(_)) => continue,
        }
        if location.rollout() == percent {
            notes.push(RolloutNote::AlreadyAt(percent));
            break;
        }
        notes.extend(rollout_notes(&before, &after, key, dependent));
    }
    Ok(RolloutEffect { environment: environment.to_owned(), before, after, notes })
}

fn rollout_notes(before: &Bundle, after: &Bundle, key: &str, dependent: Option<String>) -> Vec<RolloutNote> {
    let Some(regions) = changed_regions(before, after, key) else { return vec![RolloutNote::Unknown { dependent }] };
    let effects = analyze::effects(&regions);
    let is_dependent = dependent.is_some();
    let moves = regions.into_iter().map(|region| RolloutNote::Moves { dependent: dependent.clone(), region });
    let mut notes: Vec<RolloutNote> = moves.collect();
    if !is_dependent {
        notes.push(RolloutNote::Complete(
            match (effects.contains(&Effect::Expand), effects.contains(&Effect::Shrink)) {
                _ if effects.is_empty() => UnitMoves::None,
                (true, false) => UnitMoves::OnlyEnter,
                (false, true) => UnitMoves::OnlyLeave,
                (true, true) | (false, false) => UnitMoves::Mixed,
            },
        ));
    }
    notes
}

/// The present rollout of a rule in an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutPosition {
    /// The name of the environment.
    pub environment: String,
    /// The name of the rule, or its number, such as `#2`.
    pub rule: String,
    /// The share of units that the rule admits.
    pub rollout: Percent,
    /// The shares that the rollout is meant to go through; may be empty.
    pub steps: Vec<Percent>,
}

/// Returns the present rollouts of a flag's rules, by environment in the order of promotion.
///
/// Without a rule these are all rules with a rollout or steps. `environments` limits the result unless it is empty.
///
/// # Errors
/// Returns an error if the flag is unknown, or if its definition has errors.
pub fn rollout_positions(
    session: &WriteSession,
    key: &str,
    environments: &[String],
    rule: Option<&str>,
) -> Result<Vec<RolloutPosition>, ActionError> {
    session.flag_path(key)?;
    let declared = environment_names(session);
    let loaded = load_flag(session, key, &declared)?;
    let flag = complete_flag(&loaded, key)?;
    let mut positions = Vec::new();
    for environment in declared.iter().filter(|name| environments.is_empty() || environments.contains(name)) {
        for (rule_index, written) in flag.serving(environment).rules.iter().enumerate() {
            let name = written.name_at(rule_index);
            if rule.map_or_else(|| has_rollout(written), |wanted| wanted == name) {
                let steps = written.steps.iter().map(|step| step.value).collect();
                let (environment, rollout) = (environment.clone(), rollout(written));
                positions.push(RolloutPosition { environment, rule: name, rollout, steps });
            }
        }
    }
    Ok(positions)
}
