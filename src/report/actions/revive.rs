//! The plan of a revival: its structure and the sentences of its notes.

use crate::actions::{ActionKind, ReviveEffect, RevivePlan, SinceKill};
use crate::analyze::Side;
use crate::bundle::ListText;
use crate::diff::{Impact, ImpactVerdict};
use crate::report::actions::json::{ActionJson, Direction, EffectJson};
use crate::report::actions::undo::undo;
use crate::report::diff::{cause_words, region};
use crate::report::flags::FlagStateJson;

impl ActionJson {
    /// Describes the plan of a revival.
    pub fn revive(plan: &RevivePlan<'_>) -> Self {
        Self {
            version: 1,
            action: ActionKind::Revive.name(),
            effects: plan.effects().iter().map(effect).collect(),
            definition: None,
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
        after: FlagStateJson::new(&effect.after, &effect.flag).steps,
        notes: notes(effect),
        direction: Direction::On,
    }
}

fn notes(effect: &ReviveEffect) -> Vec<String> {
    let mut notes = match &effect.since_kill {
        SinceKill::NotKilled => vec!["is not killed".to_owned()],
        SinceKill::Unchanged => vec!["proven: decides as it did before the kill".to_owned()],
        SinceKill::Changed(impact) => changes(impact, "changed since the kill"),
        SinceKill::HistoryTooShort => {
            vec!["the history ends after the kill, so what has changed since is unknown".to_owned()]
        }
    };
    for impact in &effect.dependants {
        notes.extend(changes(impact, &format!("{} depends on it, and changed since the kill", impact.flag)));
    }
    notes
}

/// Describes the difference between a flag before a kill and after the revival, and its causes.
fn changes(impact: &Impact, heading: &str) -> Vec<String> {
    let mut notes: Vec<String> = match &impact.verdict {
        ImpactVerdict::Known(regions) => {
            regions.iter().map(|moved| format!("{heading}: {}", region(moved, ListText::Shortened))).collect()
        }
        ImpactVerdict::Unknown(_) => {
            vec![format!("{heading}: the analysis takes too much work, so the change is unknown")]
        }
        ImpactVerdict::Invalid(Side::Before, problem) => {
            vec![format!("{heading}: the definition before the kill had an error, so the change is unknown: {problem}")]
        }
        ImpactVerdict::Invalid(Side::After, problem) => vec![format!("{heading}: {problem}")],
    };
    for cause in &impact.causes {
        let position = match (&cause.path, cause.line) {
            (Some(path), Some(line)) => format!("{path}:{line}: "),
            (Some(path), None) => format!("{path}: "),
            (None, _) => String::new(),
        };
        notes.push(format!("  cause: {position}{}", cause_words(&cause.what, ListText::Shortened)));
    }
    notes
}
