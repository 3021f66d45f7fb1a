//! Compares two flags in everything that affects their decisions, including the segments and flags that they depend on.
//! Most flags are equal before and after a change, and equal flags need no analysis.
//!
//! **Invariant:** two flags that compare as equal decide equally. Two flags that decide equally may compare as different.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::to_value;

use crate::analyze::{Side, Term};
use crate::bundle::{AttributeId, Bundle, Condition, Flag, FlagId, Follow, Predicate, Rule, SegmentId, State, Walk};
use crate::diff::flag_event::FlagEvent;

/// A comparison of two bundles. It caches results, so a segment that ten thousand flags use is compared once.
pub(super) struct Comparison<'b> {
    old: &'b Bundle,
    new: &'b Bundle,
    /// The attributes that have another name in the new bundle, with that name.
    new_attributes: BTreeMap<&'b str, &'b str>,
    flags: BTreeMap<(FlagId, FlagId), bool>,
    segments: BTreeMap<(SegmentId, SegmentId), bool>,
}

impl<'b> Comparison<'b> {
    pub(super) fn new(bundles: [&'b Bundle; 2]) -> Self {
        Self::with_new_attributes(bundles, BTreeMap::new())
    }

    /// Creates the comparison after some attributes got another name. Each is with its new name.
    pub(super) fn with_new_attributes([old, new]: [&'b Bundle; 2], new_attributes: BTreeMap<&'b str, &'b str>) -> Self {
        Self { old, new, new_attributes, flags: BTreeMap::new(), segments: BTreeMap::new() }
    }

    /// Returns true if both bundles have a flag with this key and the two flags are equal in everything that affects
    /// decisions.
    pub(super) fn flags_of_key(&mut self, key: &str) -> bool {
        match (self.old.flags.find(key), self.new.flags.find(key)) {
            (Some(old), Some(new)) => self.flags(old, new),
            _ => false,
        }
    }

    /// Returns whether two flags are equal in everything that affects decisions.
    pub(super) fn flags(&mut self, old: FlagId, new: FlagId) -> bool {
        if let Some(known) = self.flags.get(&(old, new)) {
            return *known;
        }
        let same = self.flag(self.old.flag_at(old), self.new.flag_at(new));
        self.flags.insert((old, new), same);
        same
    }

    fn flag(&mut self, old: &Flag, new: &Flag) -> bool {
        let state = match (&old.state, &new.state) {
            (State::Killed { admit: old, .. }, State::Killed { admit: new, .. }) => old == new,
            (old, new) => old == new,
        };
        state
            && old.variants == new.variants
            && (old.off, old.default) == (new.off, new.default)
            && self.old.bucketing == self.new.bucketing
            && old.bucketer.salt() == new.bucketer.salt()
            && self.attributes(old.unit, new.unit)
            && self.all(&old.prerequisites, &new.prerequisites)
            && old.rules.len() == new.rules.len()
            && old.rules.iter().zip(&new.rules).all(|(old_rule, new_rule)| {
                let unit = self.attributes(old.unit_of(old_rule), new.unit_of(new_rule));
                let condition = match (&old_rule.condition, &new_rule.condition) {
                    (None, None) => true,
                    (Some(old), Some(new)) => self.conditions(old, new),
                    _ => false,
                };
                let slot = match (old_rule.partial_slot(), new_rule.partial_slot()) {
                    (None, None) => true,
                    (Some(old), Some(new)) => old.has_same_units(new),
                    (None, Some(_)) | (Some(_), None) => false,
                };
                condition && unit && slot && old_rule.rollout == new_rule.rollout && old_rule.serve == new_rule.serve
            })
    }

    fn all(&mut self, old: &[Condition], new: &[Condition]) -> bool {
        old.len() == new.len() && old.iter().zip(new).all(|(old, new)| self.conditions(old, new))
    }

    fn conditions(&mut self, old: &Condition, new: &Condition) -> bool {
        match (old, new) {
            (Condition::All(old), Condition::All(new)) | (Condition::Any(old), Condition::Any(new)) => {
                self.all(old, new)
            }
            (Condition::Not(old), Condition::Not(new)) => self.conditions(old, new),
            (Condition::Segment(old), Condition::Segment(new)) => self.segments(*old, *new),
            (Condition::Flag { key: old, variants: had }, Condition::Flag { key: new, variants: have }) => {
                had == have && self.flags(*old, *new)
            }
            (Condition::Test(old), Condition::Test(new)) => {
                old.sign == new.sign
                    && self.attributes(old.attribute, new.attribute)
                    && predicates(&old.predicate, &new.predicate)
            }
            (
                Condition::All(_)
                | Condition::Any(_)
                | Condition::Not(_)
                | Condition::Segment(_)
                | Condition::Flag { .. }
                | Condition::Test(_),
                _,
            ) => false,
        }
    }

    fn segments(&mut self, old: SegmentId, new: SegmentId) -> bool {
        if let Some(known) = self.segments.get(&(old, new)) {
            return *known;
        }
        let same = self.conditions(&self.old.segment_at(old).condition, &self.new.segment_at(new).condition);
        self.segments.insert((old, new), same);
        same
    }

    /// Returns whether the text of a condition of the old bundle means something else in the new bundle: it names a
    /// segment, a flag or an attribute that both bundles have and that differs.
    fn reads_differently(&mut self, condition: &Condition) -> bool {
        condition.iter().any(|part| match part {
            Condition::All(_) | Condition::Any(_) | Condition::Not(_) => false,
            Condition::Segment(old) => {
                let name = &self.old.segment_at(*old).name;
                let new = self.new.segments.iter().position(|segment| segment.name == *name);
                let new = new.and_then(|index| u32::try_from(index).ok()).map(SegmentId);
                new.is_some_and(|new| !self.segments(*old, new))
            }
            Condition::Flag { key, .. } => {
                let new = self.new.flags.find(&self.old.flag_at(*key).key);
                new.is_some_and(|new| !self.flags(*key, new))
            }
            Condition::Test(test) => {
                let new = self.new.attributes.find(self.old.attributes.name(test.attribute));
                new.is_some_and(|new| !self.attributes(test.attribute, new))
            }
        })
    }

    fn attributes(&self, old: AttributeId, new: AttributeId) -> bool {
        match (self.old.attributes.get(old), self.new.attributes.get(new)) {
            (Some(old), Some(new)) => {
                let name = self.new_attributes.get(&*old.name).copied().unwrap_or(&old.name);
                (name, old.kind, &old.allowed) == (&*new.name, new.kind, &new.allowed)
            }
            _ => false,
        }
    }
}

/// Returns true if both bundles have the flag, and all that affects its decisions is equal: its state, rules, variants and
/// salt, and the segments and flags that it depends on. Equal flags decide every context equally.
pub fn decides_equally(bundles: [&Bundle; 2], key: &str) -> bool {
    Comparison::new(bundles).flags_of_key(key)
}

/// Returns whether two rules have the same condition, with all that it refers to, and hash the same attribute. The rules
/// belong to the flags, and the flags to the bundles.
pub fn is_same_condition(bundles: [&Bundle; 2], [(old, old_rule), (new, new_rule)]: [(&Flag, &Rule); 2]) -> bool {
    let mut comparison = Comparison::new(bundles);
    let condition = match (&old_rule.condition, &new_rule.condition) {
        (None, None) => true,
        (Some(old), Some(new)) => comparison.conditions(old, new),
        (None, Some(_)) | (Some(_), None) => false,
    };
    condition && comparison.attributes(old.unit_of(old_rule), new.unit_of(new_rule))
}

/// Returns the side whose definitions a term means if its text means something else on the other side, and `None` if the
/// text has one meaning. The bundles are those before and after the change.
pub fn side_of_term(term: &Term, event: FlagEvent, [before, after]: [&Bundle; 2]) -> Option<Side> {
    // A flag that is not defined is treated as a flag that serves `off`, in the bundle that defines it.
    let side = match event {
        FlagEvent::Added => Side::After,
        FlagEvent::Removed => Side::Before,
        FlagEvent::Killed | FlagEvent::HalfOpened | FlagEvent::Revived | FlagEvent::Changed | FlagEvent::Affected => {
            term.side
        }
    };
    let bundles = match side {
        Side::Before => [before, after],
        Side::After => [after, before],
    };
    let differs = match term.condition() {
        Some(condition) => Comparison::new(bundles).reads_differently(condition),
        None => false,
    };
    differs.then_some(side)
}

/// Returns whether two predicates are equal. Predicates that have no JSON are not equal, so they are analysed.
fn predicates(old: &Predicate, new: &Predicate) -> bool {
    matches!((to_value(old), to_value(new)), (Ok(old), Ok(new)) if old == new)
}

/// The flags, segments and attributes that the decision of a flag may depend on, including the flag itself.
#[derive(Debug, Default)]
pub(super) struct Closure {
    pub(super) flags: BTreeSet<FlagId>,
    pub(super) segments: BTreeSet<SegmentId>,
    pub(super) attributes: BTreeSet<AttributeId>,
}

impl Closure {
    pub(super) fn of(bundle: &Bundle, key: &str) -> Self {
        let mut walk = Walk::new(bundle, Follow::SegmentsAndFlags);
        if let Some(id) = bundle.flags.find(key) {
            walk.add_flag(id);
        }
        let mut attributes = BTreeSet::new();
        for condition in &mut walk {
            if let Condition::Test(test) = condition {
                attributes.insert(test.attribute);
            }
        }
        for flag in walk.flags().iter().map(|id| bundle.flag_at(*id)) {
            attributes.insert(flag.unit);
            attributes.extend(flag.rules.iter().filter_map(|rule| rule.unit));
        }
        Self { flags: walk.flags().clone(), segments: walk.segments().clone(), attributes }
    }
}
