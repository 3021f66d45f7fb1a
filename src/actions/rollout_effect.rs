//! The effect of a rollout in one environment: on the flag, and on the flags that depend on it.

use crate::actions::change_preview::changed_regions;
use crate::actions::error::ActionError;
use crate::actions::rule_selector::RuleLocation;
use crate::actions::session::WriteSession;
use crate::analyze;
use crate::analyze::{Effect, Region};
use crate::bundle::{Bundle, Percent};
use crate::compile::compile;
use crate::load;

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

/// A planned text of a flag's file, whose effects are computed.
pub(super) struct RolloutPreview<'p> {
    pub(super) session: &'p WriteSession,
    /// The key of the flag, and the keys of the flags that depend on it.
    pub(super) keys: &'p [String],
    /// The path of the flag's file, from the root of the flag repository.
    pub(super) path: &'p str,
    pub(super) new_text: &'p str,
    pub(super) percent: Percent,
}

impl RolloutPreview<'_> {
    /// Computes the effect in an environment.
    pub(super) fn effect(&self, location: &RuleLocation, environment: &str) -> Result<RolloutEffect, ActionError> {
        let loaded = self.session.load(self.keys, &[environment])?;
        let before = compile(&loaded.project, environment).0;
        let loaded = load::with_changed_flag(loaded, self.path, self.new_text);
        let after = compile(&loaded.project, environment).0;
        let mut notes = Vec::new();
        for (position, key) in self.keys.iter().enumerate() {
            let dependent = (position > 0).then(|| key.clone());
            match (before.flag(key).zip(after.flag(key)), &dependent) {
                (Some(_), _) => {}
                (None, None) => {
                    return Err(ActionError::Undecidable { key: key.clone(), environment: environment.to_owned() });
                }
                (None, Some(_)) => continue,
            }
            if location.rollout == self.percent {
                notes.push(RolloutNote::AlreadyAt(self.percent));
                break;
            }
            notes.extend(rollout_notes(&before, &after, key, dependent));
        }
        Ok(RolloutEffect { environment: environment.to_owned(), before, after, notes })
    }
}

pub(super) fn rollout_notes(before: &Bundle, after: &Bundle, key: &str, dependent: Option<String>) -> Vec<RolloutNote> {
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
