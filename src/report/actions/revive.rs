//! The plan of a revival: its structure and the sentences of its notes.

use crate::actions::{ActionKind, ReviveEffect, RevivePlan, SinceKill};
use crate::report::actions::json::{ActionJson, EffectJson};
use crate::report::actions::undo::undo;
use crate::report::diff::region;
use crate::report::flags::FlagStateJson;

/// The indentation of a step under the heading `then` of a plan.
const STEP_SEPARATOR: &str = "\n    ";

impl ActionJson {
    /// Describes the plan of a revival.
    pub fn revive(plan: &RevivePlan<'_>) -> Self {
        Self {
            version: 1,
            action: ActionKind::Revive.name(),
            effects: plan.effects().iter().map(effect).collect(),
            undo: undo(&plan.undo()),
            written: None,
        }
    }
}

fn effect(effect: &ReviveEffect) -> EffectJson {
    EffectJson {
        flag: effect.flag.clone(),
        environment: effect.environment.clone(),
        changes: effect.since_kill.is_killed(),
        before: FlagStateJson::new(&effect.before, &effect.flag),
        after: FlagStateJson::new(&effect.after, &effect.flag).steps.join(STEP_SEPARATOR),
        notes: notes(&effect.since_kill),
    }
}

fn notes(since_kill: &SinceKill) -> Vec<String> {
    match since_kill {
        SinceKill::NotKilled => vec!["is not killed".to_owned()],
        SinceKill::Unchanged => vec!["proven: decides as it did before the kill".to_owned()],
        SinceKill::Changed(regions) => {
            regions.iter().map(|moved| format!("changed since the kill: {}", region(moved))).collect()
        }
        SinceKill::Unknown => vec!["whether it decides as it did before the kill is unknown".to_owned()],
        SinceKill::HistoryTooShort => {
            vec!["the history ends after the kill, so what has changed since is unknown".to_owned()]
        }
    }
}
