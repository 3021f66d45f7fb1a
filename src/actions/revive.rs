//! Revivals: kills are removed, in one commit.
//!
//! A flag may have changed while it was killed, and would then come back with another meaning. Each effect therefore
//! compares the flag without its kill to the flag at the last commit before the kill.

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
    /// The flag as it is served now.
    pub before: Bundle,
    /// The flag as it will be served.
    pub after: Bundle,
    /// How the flag differs from what it was before the kill.
    pub since_kill: SinceKill,
}

/// How a flag without its kill differs from what it was before the kill.
#[derive(Debug, Clone)]
pub enum SinceKill {
    /// The flag is not killed, so there is nothing to do.
    NotKilled,
    /// The flag decides the same for all contexts.
    Unchanged,
    /// The flag decides otherwise for these contexts.
    Changed(Vec<Region>),
    /// The analysis of the difference exceeds its budget, or one of both definitions has errors.
    Unknown,
    /// The history of a shallow clone ends after the kill.
    HistoryTooShort,
}

impl SinceKill {
    /// Returns whether a revival changes anything.
    pub fn is_killed(&self) -> bool {
        !matches!(self, Self::NotKilled)
    }

    /// Returns whether the flag is known to decide as it did before the kill, or is not killed.
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

    /// Returns the effects on each flag in each environment.
    pub fn effects(&self) -> &[ReviveEffect] {
        &self.effects
    }

    /// Returns the flags that are killed.
    pub fn targets(&self) -> Targets {
        let killed = self.effects.iter().filter(|effect| effect.since_kill.is_killed());
        Targets::new(killed.map(|effect| (effect.flag.clone(), effect.environment.clone())))
    }

    /// Returns the command that reverts the revival. It kills all flags again, for the reason of the first kill.
    pub fn undo(&self) -> Undo {
        let reason = self.effects.iter().find_map(|effect| effect.before.flag(&effect.flag).and_then(kill_reason));
        let command = UndoCommand::Kill { targets: self.targets(), reason };
        Undo { command, destination: self.session.destination().clone() }
    }

    /// Checks that all flags decide as they did before their kills.
    ///
    /// # Errors
    /// Returns [`ActionError::ChangedSinceKill`] if one of them does not, or if the difference is unknown.
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
        // The kill of a flag that no longer exists can be removed. Any other unknown key is a mistake.
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

/// Returns the newest commit on the first-parent line that does not have the file of the kill.
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
