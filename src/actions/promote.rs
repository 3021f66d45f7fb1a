//! Promotions: one commit that makes the definitions of flags in one environment those of another.

use crate::actions::error::ActionError;
use crate::actions::flag_definition::FlagDefinition;
use crate::actions::flag_edit::FlagEdit;
use crate::actions::message::{ActionKind, message_with_subject};
use crate::actions::promote_fields::{FieldChanges, PromoteNote, Promotion, SharePolicy};
use crate::actions::rollout_effect::{RolloutEffect, rollout_notes};
use crate::actions::session::{CommittedAction, WriteSession};
use crate::actions::targets::Targets;
use crate::actions::undo::{Undo, UndoCommand};
use crate::bundle::State;
use crate::commit::Changes;
use crate::compile::compile;
use crate::diff::{DefinitionChange, compare_flag};
use crate::load;

/// The flags to promote.
#[derive(Debug, Clone, Copy)]
pub struct PromoteRequest<'r> {
    /// The keys of the flags.
    pub flags: &'r [String],
    /// The environment whose definitions are carried. The settings must declare it.
    pub from: &'r str,
    /// The environment that changes. The settings must declare it.
    pub to: &'r str,
    /// Whether shares are carried, too.
    pub shares: SharePolicy,
}

/// The effects of a promotion, before it is committed.
#[derive(Debug)]
pub struct PromotePlan<'s> {
    session: &'s WriteSession,
    from: String,
    to: String,
    flags: Vec<PromotedFlag>,
}

/// The effects of a promotion on one flag.
#[derive(Debug)]
pub struct PromotedFlag {
    definition: FlagDefinition,
    changes: FieldChanges,
    new_text: String,
    /// The effect in the second environment.
    pub effect: RolloutEffect,
    /// The changes of the definition in the second environment.
    pub definition_changes: Vec<DefinitionChange>,
    /// What is not carried.
    pub notes: Vec<PromoteNote>,
}

impl PromotedFlag {
    /// Returns the key of the flag.
    pub fn key(&self) -> &str {
        &self.definition.flag.key
    }

    /// Returns whether the file already says what the promotion would write.
    pub fn is_done(&self) -> bool {
        self.definition.text == self.new_text
    }
}

impl<'s> PromotePlan<'s> {
    /// Computes the effects of a promotion at the tip of the branch.
    ///
    /// # Errors
    /// Returns an error if a flag is unknown or its definition has errors, if the file cannot be edited, or if the
    /// definition of the second environment alone cannot become that of the first.
    pub fn new(session: &'s WriteSession, request: &PromoteRequest<'_>) -> Result<Self, ActionError> {
        let mut keys: Vec<&String> = request.flags.iter().collect();
        keys.sort_unstable();
        keys.dedup();
        let flags = keys.into_iter().map(|key| promoted(session, key, request)).collect::<Result<_, _>>()?;
        Ok(Self { session, from: request.from.to_owned(), to: request.to.to_owned(), flags })
    }

    /// Returns the effect on each flag.
    pub fn flags(&self) -> &[PromotedFlag] {
        &self.flags
    }

    /// Returns the environment whose definitions are carried.
    pub fn from(&self) -> &str {
        &self.from
    }

    /// Returns the flags whose files change, in the second environment.
    pub fn targets(&self) -> Targets {
        let flags = self.flags.iter().filter(|flag| !flag.is_done());
        Targets::new(flags.map(|flag| (flag.key().to_owned(), self.to.clone())))
    }

    /// Returns the subject of the commit: the flags and both environments.
    pub fn subject(&self) -> String {
        let targets = self.targets();
        let flags = match targets.flags().as_slice() {
            [flag] => (*flag).to_owned(),
            flags => format!("{} flags", flags.len()),
        };
        format!("promote {flags} from {} to {}", self.from, self.to)
    }

    /// Returns the command that reverts the promotion.
    pub fn undo(&self) -> Undo {
        Undo { command: UndoCommand::Revert, destination: self.session.destination().clone() }
    }

    /// Commits the promotion.
    ///
    /// # Errors
    /// Returns an error if a file was changed in the meantime, or if the commit cannot be made.
    pub fn commit(&self, reason: Option<&str>) -> Result<CommittedAction, ActionError> {
        let message = message_with_subject(self.subject(), ActionKind::Promote, &self.targets(), reason);
        self.session.commit(|tree| {
            let mut changes = Changes::new(message.clone());
            for flag in self.flags.iter().filter(|flag| !flag.is_done()) {
                let edit = FlagEdit {
                    path: self.session.git_path(&flag.definition.path),
                    old_text: &flag.definition.text,
                    new_text: &flag.new_text,
                    edit: &|text| flag.changes.apply(text),
                };
                edit.apply(tree, &mut changes)?;
            }
            Ok(changes)
        })
    }
}

/// Computes the promotion of one flag.
fn promoted(session: &WriteSession, key: &str, request: &PromoteRequest<'_>) -> Result<PromotedFlag, ActionError> {
    let definition = FlagDefinition::read(session, key)?;
    let settings = session.settings();
    let environments = [request.from, request.to];
    let promotion = Promotion::new(&definition.flag, &definition.text, settings, environments, request.shares)?;
    let (changes, mut notes) = promotion.plan()?;
    let new_text = changes.apply(&definition.text)?;
    let dependants = load::dependants(&session.source(), &[key.to_owned()], &load::SharedNames::default())?;
    let keys: Vec<String> = std::iter::once(key.to_owned()).chain(dependants).collect();
    let all: Vec<&str> = settings.environment_names().collect();
    let loaded = session.load(&keys, &all)?;
    let changed = load::with_changed_flag(loaded.clone(), &definition.path, &new_text);
    let mut effect = None;
    for environment in all {
        let before = compile(&loaded.project, environment).0;
        let (after, diagnostics) = compile(&changed.project, environment);
        if environment == request.from
            && before.flag(key).is_some_and(|flag| matches!(flag.state, State::Killed { .. }))
        {
            notes.push(PromoteNote::LeavesKill);
        }
        if environment == request.to {
            if after.flag(key).is_none() {
                let problem = changed.located_errors(diagnostics).into_iter().next();
                let problem = problem.unwrap_or_else(|| "its definition has errors".to_owned());
                return Err(ActionError::CannotCarry { flag: key.to_owned(), problem });
            }
            effect = Some((before, after));
        } else if !compare_flag([&before, &after], key).is_empty() {
            let problem = format!("`{environment}` would change, too");
            return Err(ActionError::CannotCarry { flag: key.to_owned(), problem });
        }
    }
    let undecidable = || ActionError::Undecidable { key: key.to_owned(), environment: request.to.to_owned() };
    let (before, after) = effect.ok_or_else(undecidable)?;
    let definition_changes = compare_flag([&before, &after], key);
    let mut effects = Vec::new();
    for (position, key) in keys.iter().enumerate().filter(|_| new_text != definition.text) {
        let is_decided = before.flag(key).is_some() && after.flag(key).is_some();
        if is_decided {
            effects.extend(rollout_notes(&before, &after, key, (position > 0).then(|| key.clone())));
        }
    }
    let effect = RolloutEffect { environment: request.to.to_owned(), before, after, notes: effects };
    Ok(PromotedFlag { definition, changes, new_text, effect, definition_changes, notes })
}
