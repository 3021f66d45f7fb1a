//! The plan of a kill: its structure and the sentences of its notes.

use crate::actions::{ActionKind, DatedCommit, KillEffect, KillNote, KillPlan, KillStatus, OffVariantHistory};
use crate::bundle::ListText;
use crate::git::{CloneDepth, short_id};
use crate::report::actions::json::{ActionJson, Direction, EffectJson};
use crate::report::actions::undo::undo;
use crate::report::diff::region;
use crate::report::flags::FlagStateJson;
use crate::report::text::killed;

impl ActionJson {
    /// Describes the plan of a kill.
    pub fn kill(plan: &KillPlan<'_>) -> Self {
        Self {
            version: 1,
            action: ActionKind::Kill.name(),
            effects: plan.effects().iter().map(effect).collect(),
            definition: None,
            undo: undo(&plan.undo()),
            written: None,
        }
    }
}

fn effect(effect: &KillEffect) -> EffectJson {
    let off = effect.before.flag(&effect.flag).map(|flag| flag.variant(flag.off));
    let after = match (effect.status, off) {
        (KillStatus::AlreadyKilled, _) => "as before".to_owned(),
        (KillStatus::ServesOff, Some(off)) => format!("serves {} = {} to everyone", off.name, off.value),
        (KillStatus::ServesOff | KillStatus::ServesOffOnceValid, _) => {
            "serves its `off` variant to everyone as soon as its definition is valid".to_owned()
        }
    };
    EffectJson {
        flag: effect.flag.clone(),
        environment: effect.environment.clone(),
        changes: effect.status != KillStatus::AlreadyKilled,
        before: FlagStateJson::new(&effect.before, &effect.flag),
        after: vec![after],
        notes: effect.notes.iter().map(note).collect(),
        direction: Direction::Off,
    }
}

fn note(note: &KillNote) -> String {
    match note {
        KillNote::AlreadyKilled { reason: Some(reason) } => format!("already killed: {reason}"),
        KillNote::AlreadyKilled { reason: None } => "already killed; the file of the kill gives no reason".to_owned(),
        KillNote::HalfOpen { admit, reason } => {
            let reason = reason.as_ref().map_or(String::new(), |reason| format!(": {reason}"));
            format!("{}{reason}; the new kill admits no unit", killed(*admit))
        }
        KillNote::InvalidDefinition => {
            "its definition has errors, so what it serves now is unknown; it can still be killed".to_owned()
        }
        KillNote::Disabled => "it is disabled, so the kill changes nothing until it is enabled".to_owned(),
        KillNote::DependentFlagTurnsOff { flag, required, variant, value } => {
            format!("{flag} requires {required} and turns off too: serves {variant} = {value}")
        }
        KillNote::DependentFlagChanges { flag, region: moved } => {
            format!("{flag} depends on it: {}", region(moved, ListText::Shortened))
        }
        KillNote::DependentFlagUnknown { flag } => {
            format!("{flag} depends on it and may serve another variant: the analysis would take too long")
        }
        KillNote::OffVariantHistory(history) => off_variant_history(history),
        KillNote::HistoryNotRead { limit } => {
            format!(
                "whether its `off` variant was ever served is unknown: the history is read for at most {limit} flags"
            )
        }
    }
}

fn off_variant_history(history: &OffVariantHistory) -> String {
    match history {
        OffVariantHistory::ServedUntil { variant, commit } => {
            format!("`{variant}` was last served in this environment until {}", dated(commit))
        }
        OffVariantHistory::NeverServed { variant, since, depth: CloneDepth::Full } => format!(
            "no rule, default or kill has served `{variant}` in this environment since the flag's first commit {}: the \
             variant has never been live",
            dated(since)
        ),
        OffVariantHistory::NeverServed { variant, since, depth: CloneDepth::Shallow } => format!(
            "no rule, default or kill has served `{variant}` in this environment since {}, where the history of this \
             shallow clone ends",
            dated(since)
        ),
    }
}

/// Returns the short id of a commit and its day in UTC: `0123456789 (2026-11-02)`.
fn dated(commit: &DatedCommit) -> String {
    format!("{} ({})", short_id(&commit.id), commit.time.strftime("%Y-%m-%d"))
}
