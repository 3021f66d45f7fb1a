//! Whether two flags are the same in everything that decides, however deep: the cheap answer to most questions.
//!
//! **Invariant:** two flags that are said to be the same decide alike; two that decide alike may be said to differ.

use std::collections::BTreeSet;

use serde_json::to_value;

use crate::bundle::{AttributeId, Bundle, Condition, Flag, FlagId, SegmentId, State};

/// Whether nothing differs that decides.
pub(super) fn flags(before: (&Bundle, &Flag), after: (&Bundle, &Flag)) -> bool {
    let ((old_bundle, old), (new_bundle, new)) = (before, after);
    let state = match (&old.state, &new.state) {
        (State::Killed { .. }, State::Killed { .. }) => true,
        (old, new) => old == new,
    };
    let pairs = |old: &[Condition], new: &[Condition]| {
        old.len() == new.len() && old.iter().zip(new).all(|(old, new)| conditions(old_bundle, old, new_bundle, new))
    };
    state
        && old.variants == new.variants
        && (old.off, old.default) == (new.off, new.default)
        && old_bundle.bucketing == new_bundle.bucketing
        && old.bucketer.salt() == new.bucketer.salt()
        && attributes(old_bundle, old.unit, new_bundle, new.unit)
        && pairs(&old.prerequisites, &new.prerequisites)
        && old.rules.len() == new.rules.len()
        && old.rules.iter().zip(&new.rules).all(|(old, new)| {
            let condition = match (&old.condition, &new.condition) {
                (None, None) => true,
                (Some(old), Some(new)) => conditions(old_bundle, old, new_bundle, new),
                _ => false,
            };
            condition && old.rollout == new.rollout && old.serve == new.serve
        })
}

fn conditions(old_bundle: &Bundle, old: &Condition, new_bundle: &Bundle, new: &Condition) -> bool {
    let each = |old: &[Condition], new: &[Condition]| {
        old.len() == new.len() && old.iter().zip(new).all(|(old, new)| conditions(old_bundle, old, new_bundle, new))
    };
    match (old, new) {
        (Condition::All(old), Condition::All(new)) | (Condition::Any(old), Condition::Any(new)) => each(old, new),
        (Condition::Not(old), Condition::Not(new)) => conditions(old_bundle, old, new_bundle, new),
        (Condition::Segment(old), Condition::Segment(new)) => {
            let (old, new) = (old_bundle.segment_at(*old), new_bundle.segment_at(*new));
            conditions(old_bundle, &old.condition, new_bundle, &new.condition)
        }
        (Condition::Flag { key: old, variants: had }, Condition::Flag { key: new, variants: have }) => {
            let (old, new) = (old_bundle.flag_at(*old), new_bundle.flag_at(*new));
            had == have && flags((old_bundle, old), (new_bundle, new))
        }
        (Condition::Test(old), Condition::Test(new)) => {
            old.sign == new.sign
                && attributes(old_bundle, old.attribute, new_bundle, new.attribute)
                && to_value(&old.predicate).ok() == to_value(&new.predicate).ok()
        }
        _ => false,
    }
}

fn attributes(old_bundle: &Bundle, old: AttributeId, new_bundle: &Bundle, new: AttributeId) -> bool {
    match (old_bundle.attributes.get(old), new_bundle.attributes.get(new)) {
        (Some(old), Some(new)) => (&old.name, old.kind, &old.allowed) == (&new.name, new.kind, &new.allowed),
        _ => false,
    }
}

/// What a flag's decision may depend on, itself included.
#[derive(Debug, Default)]
pub(super) struct Closure {
    pub(super) flags: BTreeSet<FlagId>,
    pub(super) segments: BTreeSet<SegmentId>,
    pub(super) attributes: BTreeSet<AttributeId>,
}

impl Closure {
    pub(super) fn of(bundle: &Bundle, key: &str) -> Self {
        let mut closure = Self::default();
        if let Some(id) = bundle.flags.find(key) {
            closure.flag(bundle, id);
        }
        closure
    }

    fn flag(&mut self, bundle: &Bundle, id: FlagId) {
        if self.flags.insert(id) {
            let flag = bundle.flag_at(id);
            self.attributes.insert(flag.unit);
            flag.conditions().for_each(|condition| self.condition(bundle, condition));
        }
    }

    fn condition(&mut self, bundle: &Bundle, condition: &Condition) {
        match condition {
            Condition::All(inner) | Condition::Any(inner) => {
                inner.iter().for_each(|inner| self.condition(bundle, inner));
            }
            Condition::Not(inner) => self.condition(bundle, inner),
            Condition::Segment(id) => {
                if self.segments.insert(*id) {
                    self.condition(bundle, &bundle.segment_at(*id).condition);
                }
            }
            Condition::Flag { key, .. } => self.flag(bundle, *key),
            Condition::Test(test) => drop(self.attributes.insert(test.attribute)),
        }
    }
}

/// Whether a flag's decision may depend on when it is made.
pub fn asks_for_the_moment(bundle: &Bundle, key: &str) -> bool {
    Closure::of(bundle, key).attributes.contains(&AttributeId::NOW)
}
