//! The effect of a rollout in one environment: on the flag, and on the flags that depend on it.

use crate::actions::change_preview::changed_regions;
use crate::actions::error::ActionError;
use crate::actions::rule_selector::RuleLocation;
use crate::actions::session::WriteSession;
use crate::analyze;
use crate::analyze::{Effect, Region};
use crate::bundle::{Bundle, Percent};

/// The effect of a rollout in an environment.
#[derive(Debug)]
pub struct RolloutEffect {
    /// The name of the environment.
    pub environment: String,
    /// The bundle of the environment before the rollout.
    pub before: Bundle,
    /// The bundle of the environment after the rollout.
    pub after: Bundle,
    /// The consequences, in the order in which they are shown.
    pub notes: Vec<RolloutNote>,
}

/// One consequence of a rollout, or the reason why the rollout has no effect.
#[derive(Debug, Clone)]
pub enum RolloutNote {
    /// The rule already has this rollout.
    AlreadyAt(Percent),
    /// Contexts get another variant of the flag, or of a flag that depends on it.
    Moves {
        /// The key of the dependent flag, or `None` for the flag itself.
        dependent: Option<String>,
        /// The contexts.
        region: Box<Region>,
    },
    /// The contexts that get another variant are unknown, because the analysis exceeds its budget.
    Unknown {
        /// The key of the dependent flag, or `None` for the flag itself.
        dependent: Option<String>,
    },
    /// The list of the contexts that get another variant of the flag is complete.
    Complete(UnitMoves),
}

/// The direction in which units change their variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitMoves {
    /// No context gets another variant.
    None,
    /// Units only enter the rollout.
    OnlyEnter,
    /// Units only leave the rollout.
    OnlyLeave,
    /// Units enter and leave the rollout, or change from one variant to another.
    Mixed,
}

/// Computes the effect on the flag with the first of `keys`, and on the flags with the other keys, which depend on it.
pub(super) fn rollout_effect(
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
    let moves =
        regions.into_iter().map(|region| RolloutNote::Moves { dependent: dependent.clone(), region: Box::new(region) });
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
