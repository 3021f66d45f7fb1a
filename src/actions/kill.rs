//! Kills: one commit that turns flags off in environments. It adds one file for each flag in each environment.

use std::collections::BTreeSet;

use crate::actions::error::ActionError;
use crate::actions::flag_selection::FlagSelection;
use crate::actions::kill_effect::{KillEffect, KillNote, KillStatus, kill_effects};
use crate::actions::kill_file::{KillExpiry, kill_text};
use crate::actions::message::{ActionKind, message};
use crate::actions::session::{CommittedAction, WriteSession};
use crate::actions::targets::Targets;
use crate::actions::undo::{Undo, UndoCommand};
use crate::bundle::Percent;
use crate::commit::{Changes, CommitError, CommitFiles};
use crate::load;
use crate::model::{FLAGS, flag_key, kill_path};

/// The flags to kill.
#[derive(Debug, Clone, Copy)]
pub struct KillRequest<'r> {
    /// The flags.
    pub selection: FlagSelection<'r>,
    /// The names of the environments. The settings must declare each of them.
    pub environments: &'r [String],
}

/// The effects of a kill, before it is committed.
#[derive(Debug)]
pub struct KillPlan<'s> {
    session: &'s WriteSession,
    effects: Vec<KillEffect>,
}

impl<'s> KillPlan<'s> {
    /// Computes the effects of a kill at the tip of the branch.
    ///
    /// # Errors
    /// Returns an error if a flag is unknown, if no flag has the tag, or if the definitions cannot be read.
    pub fn new(session: &'s WriteSession, request: &KillRequest<'_>) -> Result<Self, ActionError> {
        let keys = keys(session, request)?;
        let dependants = load::dependants(&session.source(), &keys, &load::SharedNames::default())?;
        let mut effects = Vec::new();
        for environment in request.environments {
            effects.extend(kill_effects(session, &keys, &dependants, environment)?);
        }
        Ok(Self { session, effects })
    }

    /// Returns the effect on each flag in each environment.
    pub fn effects(&self) -> &[KillEffect] {
        &self.effects
    }

    /// Returns the flags that are not killed yet.
    pub fn targets(&self) -> Targets {
        let pending = self.effects.iter().filter(|effect| effect.status != KillStatus::AlreadyKilled);
        Targets::new(pending.map(|effect| (effect.flag.clone(), effect.environment.clone())))
    }

    /// Returns the command that reverts the kill.
    pub fn undo(&self) -> Undo {
        let is_half_open =
            |effect: &KillEffect| effect.notes.iter().any(|note| matches!(note, KillNote::HalfOpen { .. }));
        // A revival would serve the flag to all units, and not only to those that the replaced kill admits.
        let command = match self.effects.iter().any(is_half_open) {
            true => UndoCommand::Revert,
            false => UndoCommand::Revive(self.targets()),
        };
        Undo { command, destination: self.session.destination().clone() }
    }

    /// Commits the kill. If another process has killed a flag in the meantime, the flag keeps the reason of that kill. This
    /// kill replaces one that admits a share of units.
    ///
    /// `by` is the name of the person who kills the flags, or `None` for the author in git's settings. `expires` is when the
    /// kill should have ended.
    ///
    /// # Errors
    /// Returns an error if a flag was removed in the meantime, or if the commit cannot be made.
    pub fn commit(
        &self,
        reason: &str,
        by: Option<&str>,
        expires: Option<KillExpiry>,
    ) -> Result<CommittedAction, ActionError> {
        let targets = self.targets();
        let author = self.session.author()?;
        let text = kill_text(reason, by.unwrap_or(&author.name), author.seconds, expires)?;
        let message = message(ActionKind::Kill, &targets, Some(reason));
        let mut flag_paths = Vec::new();
        for key in targets.flags() {
            flag_paths.push((key, self.session.git_path(&self.session.flag_path(key)?)));
        }
        self.session.commit(|tree| {
            for (key, path) in &flag_paths {
                self.check_flag_exists(tree, key, path)?;
            }
            let mut changes = Changes::new(message.clone());
            for (flag, environment) in targets.pairs() {
                let path = self.session.git_path(&kill_path(flag, environment));
                let killed = tree.read(&path)?;
                if killed.is_none_or(|text| load::kill_share(&kill_path(flag, environment), text) != Percent::ZERO) {
                    // A link or a submodule in the place of the file must not stop a kill.
                    changes.replace(path, text.clone());
                }
            }
            Ok(changes)
        })
    }

    /// Checks that the branch still has a flag, at any path.
    fn check_flag_exists(&self, tree: &CommitFiles, key: &str, path: &str) -> Result<(), CommitError> {
        if tree.read(path)?.is_some() {
            return Ok(());
        }
        if tree.list(&self.session.git_path(FLAGS))?.iter().any(|path| flag_key(path).as_deref() == Some(key)) {
            return Ok(());
        }
        Err(CommitError::Apply(format!("flag `{key}` was removed in the meantime").into()))
    }
}

/// Returns the sorted keys of the flags that the request selects by key or by tag.
fn keys(session: &WriteSession, request: &KillRequest<'_>) -> Result<Vec<String>, ActionError> {
    let mut keys: BTreeSet<String> = request.selection.flags.iter().cloned().collect();
    for key in &keys {
        session.flag_path(key)?;
    }
    keys.extend(request.selection.tagged(session)?);
    Ok(keys.into_iter().collect())
}
