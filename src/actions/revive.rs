//! Revivals: one commit that removes kills.
//!
//! A flag may have changed while it was killed, so it could decide differently after the revival. Each effect therefore
//! compares the flag without its kill with the flag at the last commit before the kill.

use crate::actions::change_preview::changed_regions;
use crate::actions::error::ActionError;
use crate::actions::kill_effect::kill_reason;
use crate::actions::kill_file::kill_path;
use crate::actions::message::{ActionKind, message};
use crate::actions::session::{CommittedAction, WriteSession};
use crate::actions::targets::Targets;
use crate::actions::undo::{Undo, UndoCommand};
use crate::analyze::Region;
use crate::bundle::Bundle;
use crate::commit::Changes;
use crate::compile::compile;
use crate::git::{GitError, Revision};
use crate::load;
use crate::source::Source;

/// The effect of a revival on a flag in an environment.
#[derive(Debug)]
pub struct ReviveEffect {
    /// The key of the flag.
    pub flag: String,
    /// The name of the environment.
    pub environment: String,
    /// The bundle of the environment before the revival.
    pub before: Bundle,
    /// The bundle of the environment after the revival.
    pub after: Bundle,
    /// The difference between the flag without its kill and the flag before the kill.
    pub since_kill: SinceKill,
}

/// The difference between a flag without its kill and the flag before the kill.
#[derive(Debug, Clone)]
pub enum SinceKill {
    /// The flag is not killed, so there is nothing to do.
    NotKilled,
    /// The flag decides as before for all contexts.
    Unchanged,
    /// The flag decides differently for these contexts.
    Changed(Vec<Region>),
    /// The difference is unknown, because its analysis exceeds the budget or one of the two definitions has errors.
    Unknown,
    /// The difference is unknown, because this shallow clone lacks the commit before the kill.
    HistoryTooShort,
}

impl SinceKill {
    /// Returns whether a revival changes anything.
    pub fn is_killed(&self) -> bool {
        !matches!(self, Self::NotKilled)
    }

    /// Returns whether it is known that the flag decides as before the kill, or that the flag is not killed.
    fn is_safe(&self) -> bool {
        match self {
            Self::NotKilled | Self::Unchanged => true,
            Self::Changed(_) | Self::Unknown | Self::HistoryTooShort => false,
        }
    }
}

/// The effects of a revival, before it is committed.
#[derive(Debug)]
pub struct RevivePlan<'s> {
    session: &'s WriteSession,
    effects: Vec<ReviveEffect>,
}

impl<'s> RevivePlan<'s> {
    /// Computes the effects of reviving flags at the tip of the branch.
    ///
    /// # Errors
    /// Returns an error if a flag that is not killed is unknown, or if the definitions or the history cannot be read.
    pub fn new(session: &'s WriteSession, flags: &[String], environments: &[String]) -> Result<Self, ActionError> {
        let mut keys = flags.to_vec();
        keys.sort();
        keys.dedup();
        let mut effects = Vec::new();
        for environment in environments {
            for key in &keys {
                effects.push(revive_effect(session, key, environment)?);
            }
        }
        Ok(Self { session, effects })
    }

    /// Returns the effect on each flag in each environment.
    pub fn effects(&self) -> &[ReviveEffect] {
        &self.effects
    }

    /// Returns the flags that are killed.
    pub fn targets(&self) -> Targets {
        let killed = self.effects.iter().filter(|effect| effect.since_kill.is_killed());
        Targets::new(killed.map(|effect| (effect.flag.clone(), effect.environment.clone())))
    }

    /// Returns the command that reverts the revival. The command kills all flags again, and its reason is that of the
    /// first kill.
    pub fn undo(&self) -> Undo {
        let reason = self.effects.iter().find_map(|effect| effect.before.flag(&effect.flag).and_then(kill_reason));
        let command = UndoCommand::Kill { targets: self.targets(), reason };
        Undo { command, destination: self.session.destination().clone() }
    }

    /// Checks that all flags decide as before their kills.
    ///
    /// # Errors
    /// Returns [`ActionError::ChangedSinceKill`] if a flag decides differently, or if the difference is unknown.
    pub fn check_unchanged(&self) -> Result<(), ActionError> {
        let is_safe = self.effects.iter().all(|effect| effect.since_kill.is_safe());
        if is_safe { Ok(()) } else { Err(ActionError::ChangedSinceKill) }
    }

    /// Commits the revival. A kill that another process has removed in the meantime is skipped.
    ///
    /// # Errors
    /// Returns an error if the commit cannot be made.
    pub fn commit(&self, reason: Option<&str>) -> Result<CommittedAction, ActionError> {
        let targets = self.targets();
        let message = message(ActionKind::Revive, &targets, reason);
        self.session.commit(|tree| {
            let mut changes = Changes::new(message.clone());
            for (flag, environment) in targets.pairs() {
                let path = self.session.git_path(&kill_path(flag, environment));
                if tree.read(&path)?.is_some() {
                    changes.remove(path);
                }
            }
            Ok(changes)
        })
    }
}

fn revive_effect(session: &WriteSession, key: &str, environment: &str) -> Result<ReviveEffect, ActionError> {
    let path = kill_path(key, environment);
    let is_killed = session.tip().blob_id(&path)?.is_some();
    if !is_killed {
        // The kill of a flag that no longer exists may be removed. Any other unknown key is an error.
        session.flag_path(key)?;
    }
    let after = bundle_without_kills(session.tip(), key, environment)?;
    let since_kill = if !is_killed {
        SinceKill::NotKilled
    } else if let Some(revision) = last_revision_before_kill(session.tip(), &path)? {
        match changed_regions(&bundle_without_kills(&revision, key, environment)?, &after, key) {
            Some(regions) if regions.is_empty() => SinceKill::Unchanged,
            Some(regions) => SinceKill::Changed(regions),
            None => SinceKill::Unknown,
        }
    } else {
        SinceKill::HistoryTooShort
    };
    let before = session.bundle(&[key.to_owned()], environment)?;
    Ok(ReviveEffect { flag: key.to_owned(), environment: environment.to_owned(), before, after, since_kill })
}

/// Compiles a flag at a revision as if no flag were killed.
fn bundle_without_kills(revision: &Revision, key: &str, environment: &str) -> Result<Bundle, ActionError> {
    let source = Source::Revision(revision.clone());
    let mut loaded = load::flags(&source, load::settings(&source)?, &[key.to_owned()], &[environment])?;
    loaded.project.kills.clear();
    Ok(compile(&loaded.project, environment).0)
}

/// Returns the newest commit in the first-parent history that does not have the file of the kill.
fn last_revision_before_kill(tip: &Revision, path: &str) -> Result<Option<Revision>, GitError> {
    let mut next = tip.parent()?;
    while let Some(revision) = next {
        if revision.blob_id(path)?.is_none() {
            return Ok(Some(revision));
        }
        next = revision.parent()?;
    }
    Ok(None)
}
