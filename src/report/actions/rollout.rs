//! The plan of a rollout and the current rollouts: their structures and the sentences of the notes.

use crate::actions::{ActionKind, RolloutEffect, RolloutNote, RolloutPlan, RolloutPosition, UnitMoves};
use crate::bundle::{Bundle, Flag, ListText};
use crate::report::actions::json::{ActionJson, Direction, EffectJson, RolloutPositionJson, RolloutPositionsJson};
use crate::report::actions::undo::undo;
use crate::report::diff::region;
use crate::report::flags::{FlagStateJson, steps};

impl ActionJson {
    /// Describes the plan of a rollout.
    pub fn rollout(plan: &RolloutPlan<'_>) -> Self {
        Self {
            version: 1,
            action: ActionKind::Rollout.name(),
            effects: plan.effects().iter().map(|rollout| effect(plan, rollout)).collect(),
            definition: None,
            undo: undo(&plan.undo()),
            written: None,
        }
    }
}

impl<'r> RolloutPositionsJson<'r> {
    /// Describes the rollouts of a flag's rules.
    pub fn new(flag: &'r str, positions: &[RolloutPosition]) -> Self {
        let rule = |position: &RolloutPosition| RolloutPositionJson {
            environment: position.environment.clone(),
            rule: position.rule.clone(),
            rollout: position.rollout.to_string(),
            steps: position.steps.iter().map(ToString::to_string).collect(),
        };
        Self { version: 1, flag, rules: positions.iter().map(rule).collect() }
    }
}

fn effect(plan: &RolloutPlan<'_>, effect: &RolloutEffect) -> EffectJson {
    let step = |bundle: &Bundle| {
        let flag = bundle.flag(plan.flag());
        let index = |flag: &Flag| (0..flag.rules.len()).find(|index| flag.rule_name(*index) == plan.rule());
        flag.and_then(|flag| Some(steps::rule(flag, index(flag)?))).unwrap_or_default()
    };
    let (step_before, step_after) = (step(&effect.before), step(&effect.after));
    let mut before = FlagStateJson::new(&effect.before, plan.flag());
    // A killed or disabled flag has no step for the rule. For any other flag, only the rule changes.
    if before.steps.contains(&step_before) {
        before.steps = vec![step_before];
    }
    EffectJson {
        flag: plan.flag().to_owned(),
        environment: effect.environment.clone(),
        changes: !plan.is_done(),
        before,
        after: vec![step_after],
        notes: effect.notes.iter().map(note).collect(),
        direction: direction(&effect.notes),
    }
}

/// Returns whether units only enter or only leave the rollout.
fn direction(notes: &[RolloutNote]) -> Direction {
    notes
        .iter()
        .find_map(|note| match note {
            RolloutNote::Complete(UnitMoves::OnlyEnter) => Some(Direction::On),
            RolloutNote::Complete(UnitMoves::OnlyLeave) => Some(Direction::Off),
            RolloutNote::Complete(UnitMoves::None | UnitMoves::Mixed)
            | RolloutNote::AlreadyAt(_)
            | RolloutNote::Moves { .. }
            | RolloutNote::Unknown { .. } => None,
        })
        .unwrap_or(Direction::Either)
}

pub(super) fn note(note: &RolloutNote) -> String {
    let prefix =
        |dependent: &Option<String>| dependent.as_ref().map_or(String::new(), |flag| format!("{flag} depends on it: "));
    match note {
        RolloutNote::AlreadyAt(percent) => format!("is already at {percent}"),
        RolloutNote::Moves { dependent, region: moved } => {
            format!("{}{}", prefix(dependent), region(moved, ListText::Shortened))
        }
        RolloutNote::Unknown { dependent } => {
            format!("{}which contexts move is unknown: the analysis would take too long", prefix(dependent))
        }
        RolloutNote::Complete(moves) => match moves {
            UnitMoves::None => "proven: no context gets another variant",
            UnitMoves::OnlyEnter => "no unit leaves",
            UnitMoves::OnlyLeave => "no unit enters",
            UnitMoves::Mixed => "no other context gets another variant",
        }
        .to_owned(),
    }
}
