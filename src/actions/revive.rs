//! Revivals: one commit that removes kills.
//!
//! While a flag was killed, it may have changed, and so may everything on which it depends: a segment, another flag,
//! another kill. So each effect compares two complete states of the repository: the state after the revival, and the state
//! at the last commit before the kill. The same comparison covers the flags that depend on a revived flag.
//!
//! Kills that the same revival removes are ignored in both states, because their order does not matter to the user.

use std::collections::{BTreeMap, BTreeSet};

use crate::actions::error::ActionError;
use crate::actions::flag_selection::FlagSelection;
use crate::actions::kill_effect::kill_reason;
use crate::actions::message::{ActionKind, message};
use crate::actions::session::{CommittedAction, WriteSession};
use crate::actions::targets::Targets;
use crate::actions::undo::{Undo, UndoCommand};
use crate::analyze::{Budget, Effect, effects};
use crate::bundle::Bundle;
use crate::commit::Changes;
use crate::diff::{ComparedDefinitions, Impact, ImpactVerdict, impacts};
use crate::git::{GitError, Revision};
use crate::load;
use crate::model::{Kill, kill_path};
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
    /// The difference between the flag after the revival and the flag before the kill.
    pub since_kill: SinceKill,
    /// The flags that depend on this flag, change with the revival, and decide differently than before the kill.
    pub dependants: Vec<Impact>,
}

/// The difference between a flag after the revival and the flag before its kill.
#[derive(Debug, Clone)]
pub enum SinceKill {
    /// The flag is not killed, so there is nothing to do.
    NotKilled,
    /// The flag decides as before for all contexts.
    Unchanged,
    /// The flag decides differently for some contexts, or the difference is unknown.
    Changed(Box<Impact>),
    /// The difference is unknown, because this shallow clone lacks the commit before the kill.
    HistoryTooShort,
}

impl SinceKill {
    /// Returns whether a revival changes anything.
    pub fn is_killed(&self) -> bool {
        !matches!(self, Self::NotKilled)
    }

    /// Returns whether it is known that the flag serves its former value or the value of `off`, or that it is not
    /// killed.
    fn is_safe(&self) -> bool {
        match self {
            Self::NotKilled | Self::Unchanged => true,
            Self::Changed(impact) => is_safe(impact),
            Self::HistoryTooShort => false,
        }
    }
}

/// Returns whether it is known that every context gets its former value or the value of `off`.
fn is_safe(impact: &Impact) -> bool {
    let is_safe = |effect: &Effect| match effect {
        Effect::Shrink | Effect::Relabel => true,
        Effect::Expand | Effect::Reassign | Effect::Reshuffle => false,
    };
    match &impact.verdict {
        ImpactVerdict::Known(regions) => effects(regions).iter().all(is_safe),
        ImpactVerdict::Unknown(_) | ImpactVerdict::Invalid(..) => false,
    }
}

/// Returns whether it is known that every context gets its former variant.
fn is_unchanged(impact: &Impact) -> bool {
    matches!(&impact.verdict, ImpactVerdict::Known(regions) if regions.is_empty())
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
    pub fn new(
        session: &'s WriteSession,
        selection: &FlagSelection<'_>,
        environments: &[String],
    ) -> Result<Self, ActionError> {
        let mut keys: BTreeSet<String> = selection.flags.iter().cloned().collect();
        let tagged = selection.tagged(session)?;
        let mut killed = BTreeSet::new();
        for (key, environment) in tagged.iter().flat_map(|key| environments.iter().map(move |name| (key, name))) {
            if session.tip().blob_id(&kill_path(key, environment))?.is_some() {
                killed.insert(key.clone());
            }
        }
        // Most flags of a tag are not killed, and the plan need not say so, unless it would be empty.
        keys.extend(if keys.is_empty() && killed.is_empty() { tagged } else { killed });
        let keys: Vec<String> = keys.into_iter().collect();
        let mut effects = Vec::new();
        for environment in environments {
            effects.extend(revive_effects(session, &keys, environment)?);
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
        let is_half_open =
            |effect: &ReviveEffect| effect.before.flag(&effect.flag).is_some_and(|flag| flag.state.is_half_open());
        // A kill would stop the flag for the units that the removed kill admits, too.
        let command = match self.effects.iter().any(is_half_open) {
            true => UndoCommand::Revert,
            false => UndoCommand::Kill { targets: self.targets(), reason },
        };
        Undo { command, destination: self.session.destination().clone() }
    }

    /// Checks that all flags that change serve their former value or the value of `off`.
    ///
    /// # Errors
    /// Returns [`ActionError::ChangedSinceKill`] if a flag serves another value, or if this is unknown.
    pub fn check_unchanged(&self) -> Result<(), ActionError> {
        let is_safe_effect =
            |effect: &ReviveEffect| effect.since_kill.is_safe() && effect.dependants.iter().all(is_safe);
        if self.effects.iter().all(is_safe_effect) { Ok(()) } else { Err(ActionError::ChangedSinceKill) }
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

/// Returns the effects of reviving flags in one environment, in the order of the keys.
fn revive_effects(
    session: &WriteSession,
    keys: &[String],
    environment: &str,
) -> Result<Vec<ReviveEffect>, ActionError> {
    let mut killed = Vec::new();
    for key in keys {
        if session.tip().blob_id(&kill_path(key, environment))?.is_some() {
            killed.push(key.clone());
        } else {
            // The kill of a flag that no longer exists may be removed. Any other unknown key is an error.
            session.flag_path(key)?;
        }
    }
    let comparison = Comparison::new(session, keys, &killed, environment)?;
    let mut effects = Vec::new();
    for key in keys {
        let since_kill = match comparison.befores.get(key) {
            _ if !killed.contains(key) => SinceKill::NotKilled,
            None => SinceKill::HistoryTooShort,
            Some(before) => match comparison.since(before, key)?.filter(|impact| !is_unchanged(impact)) {
                Some(impact) => SinceKill::Changed(Box::new(impact)),
                None => SinceKill::Unchanged,
            },
        };
        effects.push(ReviveEffect {
            flag: key.clone(),
            environment: environment.to_owned(),
            before: comparison.now.bundle(environment).clone(),
            after: comparison.after.bundle(environment).clone(),
            since_kill,
            dependants: comparison.changed_dependants(key)?,
        });
    }
    Ok(effects)
}

/// The last state before the kill of a flag.
struct BeforeKill {
    revision: Revision,
    /// The number of commits between this state and the tip.
    distance: usize,
}

/// The states of one environment that a revival compares.
struct Comparison<'c> {
    environment: &'c str,
    /// The flags that are killed and will be revived.
    killed: &'c [String],
    /// The state before the revival.
    now: ComparedDefinitions,
    /// The state after the revival.
    after: ComparedDefinitions,
    /// The state before the kill of each killed flag whose history this clone has.
    befores: BTreeMap<String, BeforeKill>,
    /// The flags that depend on each killed flag, without the killed flags.
    dependants: BTreeMap<String, Vec<String>>,
}

impl<'c> Comparison<'c> {
    fn new(
        session: &WriteSession,
        keys: &[String],
        killed: &'c [String],
        environment: &'c str,
    ) -> Result<Self, ActionError> {
        let tip = session.source();
        let (mut befores, mut dependants) = (BTreeMap::new(), BTreeMap::new());
        let mut all: BTreeSet<String> = keys.iter().cloned().collect();
        for key in killed {
            let before = last_state_before_kill(session.tip(), &kill_path(key, environment))?;
            befores.extend(before.map(|before| (key.clone(), before)));
            let mut depending = load::dependants(&tip, std::slice::from_ref(key), &load::SharedNames::default())?;
            depending.retain(|dependant| !killed.contains(dependant));
            all.extend(depending.iter().cloned());
            dependants.insert(key.clone(), depending);
        }
        let all: Vec<String> = all.into_iter().collect();
        let now = ComparedDefinitions::read(&tip, &all, &[environment])?;
        let after = ComparedDefinitions::read_with_kills(&tip, &all, &[environment], outside(killed))?;
        Ok(Self { environment, killed, now, after, befores, dependants })
    }

    /// Compares a flag after the revival with the flag before a kill. Returns `None` if it is defined in neither state.
    fn since(&self, before: &BeforeKill, key: &str) -> Result<Option<Impact>, ActionError> {
        let (source, keys) = (Source::Revision(before.revision.clone()), [key.to_owned()]);
        let in_force = outside(self.killed);
        let before = ComparedDefinitions::read_with_kills(&source, &keys, &[self.environment], in_force)?;
        self.impact(&before, key)
    }

    /// Returns the impact of the change from a state to the state after the revival.
    fn impact(&self, before: &ComparedDefinitions, key: &str) -> Result<Option<Impact>, ActionError> {
        let (keys, budget) = (BTreeSet::from([key.to_owned()]), Budget::default());
        Ok(impacts(before, &self.after, &keys, &[self.environment], &budget)?.pop())
    }

    /// Returns the impacts on the flags that depend on a killed flag, change with the revival, and decide differently
    /// than before the kill. A flag that depends on several killed flags is compared with the state before the last of
    /// the kills, and only there.
    fn changed_dependants(&self, key: &str) -> Result<Vec<Impact>, ActionError> {
        let mut changed = Vec::new();
        for dependant in self.dependants.get(key).into_iter().flatten() {
            let kills = self.dependants.iter().filter(|(_, dependants)| dependants.contains(dependant));
            let known = kills.filter_map(|(killed, _)| Some((self.befores.get(killed)?, killed)));
            let Some((before, last)) = known.min_by_key(|(before, _)| before.distance) else { continue };
            let changes = self.impact(&self.now, dependant)?.is_some_and(|impact| !is_unchanged(&impact));
            if last == key && changes {
                changed.extend(self.since(before, dependant)?.filter(|impact| !is_unchanged(impact)));
            }
        }
        Ok(changed)
    }
}

/// Returns a function that finds the kills of all other flags.
fn outside(killed: &[String]) -> impl Fn(&Kill) -> bool {
    |kill| !killed.contains(&kill.flag)
}

/// Returns the newest commit in the first-parent history that does not have the file of the kill.
fn last_state_before_kill(tip: &Revision, path: &str) -> Result<Option<BeforeKill>, GitError> {
    let mut next = tip.parent()?;
    let mut distance = 1;
    while let Some(revision) = next {
        if revision.blob_id(path)?.is_none() {
            return Ok(Some(BeforeKill { revision, distance }));
        }
        next = revision.parent()?;
        distance += 1;
    }
    Ok(None)
}
