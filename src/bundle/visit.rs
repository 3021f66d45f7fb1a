//! The traversal of conditions: the parts of one condition, and everything that it refers to.
//!
//! Code that needs all tests, segments or flags in a condition filters one of these iterators. Only a function that
//! combines the results of the parts (the evaluator, an encoder) is recursive. The iterators keep a stack on the heap,
//! so they are safe for a condition of any depth.
//!
//! **Invariant:** every iterator is in preorder: a condition comes before its parts, and parts in their order.

use std::collections::BTreeSet;

use crate::bundle::attribute::AttributeId;
use crate::bundle::bundle::Bundle;
use crate::bundle::condition::Condition;
use crate::bundle::id::{FlagId, SegmentId};

impl Condition {
    /// Returns the direct parts of the condition. A reference to a segment or to another flag has no parts.
    pub fn children(&self) -> &[Self] {
        match self {
            Self::All(inner) | Self::Any(inner) => inner,
            Self::Not(inner) => std::slice::from_ref(inner),
            Self::Segment(_) | Self::Flag { .. } | Self::Test(_) => &[],
        }
    }

    /// Iterates over the condition and all its parts. Does not follow references.
    pub fn iter(&self) -> impl Iterator<Item = &Self> {
        let mut pending = vec![self];
        std::iter::from_fn(move || {
            let condition = pending.pop()?;
            pending.extend(condition.children().iter().rev());
            Some(condition)
        })
    }

    /// Returns the parts that must all hold for the condition to hold. Nested `All` conditions are flattened.
    pub fn conjuncts(&self) -> Vec<&Self> {
        let (mut pending, mut conjuncts) = (vec![self], Vec::new());
        while let Some(condition) = pending.pop() {
            match condition {
                Self::All(inner) => pending.extend(inner.iter().rev()),
                Self::Any(_) | Self::Not(_) | Self::Segment(_) | Self::Flag { .. } | Self::Test(_) => {
                    conjuncts.push(condition);
                }
            }
        }
        conjuncts
    }

    /// Replaces the indices of segments and flags in the condition and its parts.
    pub(crate) fn renumber(&mut self, segment: &impl Fn(SegmentId) -> SegmentId, flag: &impl Fn(FlagId) -> FlagId) {
        match self {
            Self::All(inner) | Self::Any(inner) => inner.iter_mut().for_each(|part| part.renumber(segment, flag)),
            Self::Not(inner) => inner.renumber(segment, flag),
            Self::Segment(id) => *id = segment(*id),
            Self::Flag { key, .. } => *key = flag(*key),
            Self::Test(_) => {}
        }
    }
}

/// The references that a [`Walk`] follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    /// The conditions of segments.
    Segments,
    /// The conditions of segments, and the prerequisites and rules of other flags.
    SegmentsAndFlags,
}

/// An iterator over conditions that visits each segment and each flag once, at its first mention.
///
/// Conditions and flags can be added at any time, even after the iterator has returned `None`. The walk does not visit
/// a segment or flag a second time.
#[derive(Debug, Clone)]
pub struct Walk<'b> {
    bundle: &'b Bundle,
    follow: Follow,
    /// The stack of conditions to visit. The last condition is visited next.
    pending: Vec<&'b Condition>,
    segments: BTreeSet<SegmentId>,
    flags: BTreeSet<FlagId>,
}

impl<'b> Walk<'b> {
    /// Creates a walk without conditions. Conditions and flags that are added must belong to `bundle`.
    pub fn new(bundle: &'b Bundle, follow: Follow) -> Self {
        Self { bundle, follow, pending: Vec::new(), segments: BTreeSet::new(), flags: BTreeSet::new() }
    }

    /// Adds a condition, which the walk visits next.
    pub fn add(&mut self, condition: &'b Condition) {
        self.pending.push(condition);
    }

    /// Adds the prerequisites and rules of a flag, unless the walk has already visited the flag.
    pub fn add_flag(&mut self, id: FlagId) {
        if self.flags.insert(id) {
            self.pending.extend(self.bundle.flag_at(id).conditions().rev());
        }
    }

    /// Returns the segments that the walk has visited.
    pub fn segments(&self) -> &BTreeSet<SegmentId> {
        &self.segments
    }

    /// Returns the flags that the walk has visited, including the added flags.
    pub fn flags(&self) -> &BTreeSet<FlagId> {
        &self.flags
    }
}

impl<'b> Iterator for Walk<'b> {
    type Item = &'b Condition;

    fn next(&mut self) -> Option<&'b Condition> {
        let condition = self.pending.pop()?;
        match condition {
            Condition::All(_) | Condition::Any(_) | Condition::Not(_) => {
                self.pending.extend(condition.children().iter().rev());
            }
            Condition::Segment(id) => {
                if self.segments.insert(*id) {
                    self.pending.push(&self.bundle.segment_at(*id).condition);
                }
            }
            Condition::Flag { key, .. } => match self.follow {
                Follow::Segments => {}
                Follow::SegmentsAndFlags => self.add_flag(*key),
            },
            Condition::Test(_) => {}
        }
        Some(condition)
    }
}

impl Bundle {
    /// Iterates over a condition of this bundle, its parts, and the conditions that it refers to.
    #[doc(hidden)]
    pub fn reachable_conditions<'b>(&'b self, condition: &'b Condition, follow: Follow) -> Walk<'b> {
        let mut walk = Walk::new(self, follow);
        walk.add(condition);
        walk
    }

    /// Returns whether the truth of a condition may change with the time of the decision.
    ///
    /// Follows segments and other flags. The result true does not prove that the time changes the result.
    #[doc(hidden)]
    pub fn depends_on_time(&self, condition: &Condition) -> bool {
        self.reachable_conditions(condition, Follow::SegmentsAndFlags)
            .any(|condition| matches!(condition, Condition::Test(test) if test.attribute == AttributeId::NOW))
    }
}

#[cfg(test)]
mod tests {
    use super::{Condition, Follow, SegmentId};
    use crate::bundle::{Bundle, FlagId};

    fn bundle() -> Bundle {
        let json = r#"{
            "format": 1, "environment": "production", "bucketing": "siphash",
            "attributes": [{"name": "targetingKey", "type": "string"}, {"name": "now", "type": "datetime"}],
            "segments": [
                {"name": "known", "condition": {"test": {"attribute": 0, "sign": "is", "predicate": "exists"}}},
                {"name": "both", "condition": {"all": [{"segment": 0}, {"not": {"segment": 0}}]}}
            ],
            "flags": [
                {
                    "key": "late", "off": 0, "default": 0, "state": "enabled", "unit": 0, "salt": "late",
                    "variants": [{"name": "on", "value": true}],
                    "rules": [{
                        "if": {"test": {"attribute": 1, "sign": "is", "predicate": "exists"}},
                        "rollout": 100000, "serve": {"variant": 0}
                    }]
                },
                {
                    "key": "new", "off": 0, "default": 0, "state": "enabled", "unit": 0, "salt": "new",
                    "variants": [{"name": "on", "value": true}],
                    "prerequisites": [{"flag": {"key": 0, "variants": [0]}}]
                }
            ]
        }"#;
        Bundle::from_json(json.as_bytes()).unwrap()
    }

    fn kind(condition: &Condition) -> &'static str {
        match condition {
            Condition::All(_) => "all",
            Condition::Any(_) => "any",
            Condition::Not(_) => "not",
            Condition::Segment(_) => "segment",
            Condition::Flag { .. } => "flag",
            Condition::Test(_) => "test",
        }
    }

    #[test]
    fn a_walk_is_in_preorder_and_enters_a_segment_once() {
        let bundle = bundle();
        let condition = Condition::Segment(SegmentId(1));
        let walk = bundle.reachable_conditions(&condition, Follow::Segments);
        assert_eq!(walk.map(kind).collect::<Vec<_>>(), ["segment", "all", "segment", "test", "not", "segment"]);
        assert_eq!(condition.iter().count(), 1);
    }

    #[test]
    fn a_walk_enters_other_flags_if_it_is_told_to() {
        let bundle = bundle();
        let prerequisite = bundle.flag_at(FlagId(1)).conditions().next().unwrap();
        let kinds = |follow| bundle.reachable_conditions(prerequisite, follow).map(kind).collect::<Vec<_>>();
        assert_eq!(kinds(Follow::Segments), ["flag"]);
        assert_eq!(kinds(Follow::SegmentsAndFlags), ["flag", "test"]);
        assert!(bundle.depends_on_time(prerequisite));
        assert!(!bundle.depends_on_time(&Condition::Segment(SegmentId(1))));
    }
}
