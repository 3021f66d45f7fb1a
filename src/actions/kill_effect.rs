//! The effect of kills in one environment: on the killed flags, and on the flags that depend on them.

use std::sync::Arc;

use crate::actions::change_preview::changed_regions;
use crate::actions::error::ActionError;
use crate::actions::off_variant::{OffVariantHistory, may_serve_off, off_variant_history};
use crate::actions::session::WriteSession;
use crate::analyze::Region;
use crate::bundle::{Bundle, Condition, Flag, FlagId, Follow, Percent, State};
use crate::load;
use crate::model::{Kill, kill_path};

/// The maximum number of flags for which the history of the `off` variant is read. The limit keeps a kill fast in an
/// emergency.
const HISTORY_LIMIT: usize = 8;

/// The effect of a kill on a flag in an environment.
#[derive(Debug)]
pub struct KillEffect {
    /// The key of the flag.
    pub flag: String,
    /// The name of the environment.
    pub environment: String,
    /// The bundle of the environment before the kill. It does not contain flags whose definitions have errors.
    pub before: Arc<Bundle>,
    /// Whether the flag can be killed.
    pub status: KillStatus,
    /// The consequences, in the order in which they are shown.
    pub notes: Vec<KillNote>,
}

/// Whether a flag can be killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KillStatus {
    /// The flag is already killed for all units, so there is nothing to do.
    AlreadyKilled,
    /// The flag will serve its `off` variant to everyone.
    ServesOff,
    /// The flag will serve its `off` variant to everyone after the errors in its definition are fixed.
    ServesOffOnceValid,
}

/// One consequence of a kill, or the reason why the kill has no effect.
#[derive(Debug, Clone)]
pub enum KillNote {
    /// The flag is already killed. The value is the reason of that kill, or `None` if the file of the kill does not
    /// contain a reason.
    AlreadyKilled {
        /// The reason of the current kill.
        reason: Option<String>,
    },
    /// The flag is killed except for a share of its units. The kill that admits them is replaced.
    HalfOpen {
        /// The share of units that the current kill admits.
        admit: Percent,
        /// The reason of the current kill.
        reason: Option<String>,
    },
    /// The definition of the flag has errors, so its current variant is unknown.
    InvalidDefinition,
    /// The flag is disabled, so the kill has no effect yet.
    Disabled,
    /// A dependent flag requires a variant that is no longer served, so the dependent flag serves its own `off`
    /// variant.
    DependentFlagTurnsOff {
        /// The key of the dependent flag.
        flag: String,
        /// The key of the required flag.
        required: String,
        /// The name of the variant that the dependent flag will serve.
        variant: String,
        /// The value of that variant.
        value: serde_json::Value,
    },
    /// A dependent flag has a condition on a flag that turns off, and serves other variants because of this.
    DependentFlagChanges {
        /// The key of the dependent flag.
        flag: String,
        /// The contexts that get another variant.
        region: Box<Region>,
    },
    /// A dependent flag has a condition on a flag that turns off, but the analysis of the effect exceeds its budget.
    DependentFlagUnknown {
        /// The key of the dependent flag.
        flag: String,
    },
    /// The last time at which the `off` variant was served.
    OffVariantHistory(OffVariantHistory),
    /// The kill has more than `limit` flags, so the history of their `off` variants was not read.
    HistoryNotRead {
        /// The maximum number of flags for which the history is read.
        limit: usize,
    },
}

/// Computes the effects of killing `keys` in an environment. `dependants` has the keys of all flags that depend on
/// them.
pub(super) fn kill_effects(
    session: &WriteSession,
    keys: &[String],
    dependants: &[String],
    environment: &str,
) -> Result<Vec<KillEffect>, ActionError> {
    let all: Vec<String> = keys.iter().chain(dependants).cloned().collect();
    let bundle = Arc::new(session.bundle(&all, environment)?);
    let mut effects = Vec::new();
    for key in keys {
        let mut effect = kill_effect(session, &bundle, key, environment)?;
        if let (KillStatus::ServesOff, Some(flag)) = (effect.status, bundle.flag(key))
            && !may_serve_off(flag)
        {
            effect.notes.push(if keys.len() > HISTORY_LIMIT {
                KillNote::HistoryNotRead { limit: HISTORY_LIMIT }
            } else {
                KillNote::OffVariantHistory(off_variant_history(session.tip(), flag, environment)?)
            });
        }
        effects.push(effect);
    }
    Ok(effects)
}

fn kill_effect(
    session: &WriteSession,
    bundle: &Arc<Bundle>,
    key: &str,
    environment: &str,
) -> Result<KillEffect, ActionError> {
    let flag = bundle.flag(key);
    let admits = current_kill(session, key, environment)?;
    let status = match flag {
        _ if admits == Some(Percent::ZERO) => KillStatus::AlreadyKilled,
        None => KillStatus::ServesOffOnceValid,
        Some(_) => KillStatus::ServesOff,
    };
    let mut notes = Vec::new();
    match status {
        KillStatus::AlreadyKilled => notes.push(KillNote::AlreadyKilled { reason: flag.and_then(kill_reason) }),
        KillStatus::ServesOffOnceValid => notes.push(KillNote::InvalidDefinition),
        KillStatus::ServesOff if flag.is_some_and(|flag| flag.state == State::Disabled) => {
            notes.push(KillNote::Disabled);
        }
        KillStatus::ServesOff => {}
    }
    if let Some(admit) = admits.filter(|admit| *admit != Percent::ZERO) {
        notes.push(KillNote::HalfOpen { admit, reason: flag.and_then(kill_reason) });
    }
    if status == KillStatus::ServesOff {
        notes.extend(dependent_notes(bundle, key));
    }
    let (flag, environment) = (key.to_owned(), environment.to_owned());
    Ok(KillEffect { flag, environment, before: Arc::clone(bundle), status, notes })
}

/// Returns the share of units that the kill of a flag at the tip admits, or `None` if the flag is not killed.
pub(super) fn current_kill(
    session: &WriteSession,
    key: &str,
    environment: &str,
) -> Result<Option<Percent>, ActionError> {
    let path = kill_path(key, environment);
    if session.tip().blob_id(&path)?.is_none() {
        return Ok(None);
    }
    let loaded = load::file(&session.source(), &path)?;
    Ok(Some(loaded.project.kills.first().map_or(Percent::ZERO, Kill::admits)))
}

/// Returns the reason of a flag's kill, or `None` if the flag is not killed.
pub(super) fn kill_reason(flag: &Flag) -> Option<String> {
    match &flag.state {
        State::Killed { reason, .. } => Some(reason.to_string()),
        State::Enabled | State::Disabled => None,
    }
}

/// Returns the effects of the kill on the flags that require the killed flag or have a condition on it.
fn dependent_notes(bundle: &Bundle, key: &str) -> Vec<KillNote> {
    let Some(killed) = bundle.flags.find(key) else { return Vec::new() };
    let (turned_off, mut notes) = flags_turned_off(bundle, killed);
    let mut after = bundle.clone();
    if let Some(flag) = after.flags.find_mut(key) {
        flag.state = State::Disabled;
    }
    for (id, flag) in (0u32..).map(FlagId).zip(&bundle.flags) {
        let refers_to_one = |condition: &Condition| {
            let mut reachable = bundle.reachable_conditions(condition, Follow::Segments);
            reachable.any(|part| matches!(part, Condition::Flag { key, .. } if turned_off.contains(key)))
        };
        // A shadow is killed with its flag.
        let is_off = flag.state.is_off() || flag.shadowed() == Some(key);
        if turned_off.contains(&id) || is_off || !flag.conditions().any(refers_to_one) {
            continue;
        }
        let flag = flag.key.to_string();
        match changed_regions(bundle, &after, &flag) {
            Some(regions) => notes.extend(
                regions
                    .into_iter()
                    .map(|region| KillNote::DependentFlagChanges { flag: flag.clone(), region: Box::new(region) }),
            ),
            None => notes.push(KillNote::DependentFlagUnknown { flag }),
        }
    }
    notes
}

/// Returns the killed flag and all flags that turn off because of a direct or indirect prerequisite, in the order in
/// which they turn off. Also returns a note for each of these flags except the killed flag.
fn flags_turned_off(bundle: &Bundle, killed: FlagId) -> (Vec<FlagId>, Vec<KillNote>) {
    let (mut turned_off, mut notes) = (vec![killed], Vec::new());
    let mut next = 0;
    while let Some(&required) = turned_off.get(next) {
        next += 1;
        for (id, flag) in (0u32..).map(FlagId).zip(&bundle.flags) {
            let is_lost = flag.prerequisites.iter().any(|condition| is_lost(bundle, condition, required));
            if is_lost && !flag.state.is_off() && !turned_off.contains(&id) {
                let off = flag.variant(flag.off);
                notes.push(KillNote::DependentFlagTurnsOff {
                    flag: flag.key.to_string(),
                    required: bundle.flag_at(required).key.to_string(),
                    variant: off.name.to_string(),
                    value: off.value.clone(),
                });
                turned_off.push(id);
            }
        }
    }
    (turned_off, notes)
}

/// Returns whether a prerequisite on a flag fails while that flag serves `off`.
fn is_lost(bundle: &Bundle, prerequisite: &Condition, required: FlagId) -> bool {
    match prerequisite {
        Condition::Flag { key, variants } => *key == required && !variants.contains(&bundle.flag_at(required).off),
        Condition::All(_) | Condition::Any(_) | Condition::Not(_) | Condition::Segment(_) | Condition::Test(_) => false,
    }
}
