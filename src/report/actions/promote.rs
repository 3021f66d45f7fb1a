//! The plan of a promotion: its structure and the sentences of its notes.

use crate::actions::{ActionKind, PromoteNote, PromotePlan, PromotedFlag};
use crate::bundle::ListText;
use crate::report::actions::json::{ActionJson, Direction, EffectJson};
use crate::report::actions::rollout::note as effect_note;
use crate::report::actions::undo::undo;
use crate::report::flags::FlagStateJson;
use crate::report::history::change::words;

impl ActionJson {
    /// Describes the plan of a promotion.
    pub fn promote(plan: &PromotePlan<'_>) -> Self {
        Self {
            version: 1,
            action: ActionKind::Promote.name(),
            effects: plan.flags().iter().map(|flag| effect(plan, flag)).collect(),
            definition: None,
            undo: undo(&plan.undo()),
            written: None,
        }
    }
}

fn effect(plan: &PromotePlan<'_>, flag: &PromotedFlag) -> EffectJson {
    let (key, effect) = (flag.key(), &flag.effect);
    let mut notes: Vec<String> =
        flag.definition_changes.iter().map(|change| words(change, ListText::Shortened)).collect();
    notes.extend(effect.notes.iter().map(effect_note));
    if flag.is_done() {
        notes.push(format!("is already as in {}, apart from shares", plan.from()));
    }
    notes.extend(flag.notes.iter().map(|note| self::note(plan, flag, note)));
    EffectJson {
        flag: key.to_owned(),
        environment: effect.environment.clone(),
        changes: !flag.is_done(),
        before: FlagStateJson::new(&effect.before, key),
        after: FlagStateJson::new(&effect.after, key).steps,
        notes,
        direction: Direction::Either,
    }
}

fn note(plan: &PromotePlan<'_>, flag: &PromotedFlag, note: &PromoteNote) -> String {
    let (from, to) = (plan.from(), &flag.effect.environment);
    match note {
        PromoteNote::BeginsAtZero(rule) => {
            format!("not carried: rule {rule} begins at 0%, and `flagctl rollout {} -e {to}` raises it", flag.key())
        }
        PromoteNote::KeepsShare { rule, kept, left } => {
            format!("not carried: rule {rule} keeps its share of {kept}, which is {left} in {from}")
        }
        PromoteNote::KeepsSplit(rule) => format!("not carried: rule {rule} keeps the shares of its split"),
        PromoteNote::CarriesSplit(rule) => {
            format!("the split of rule {rule} is new in {to}, so it has the shares of {from}")
        }
        PromoteNote::LeavesKill => format!("not carried: the kill in {from}"),
    }
}
