//! Everything that some decisions ask of a context.
//!
//! Takes flags and conditions of one or two bundles; gives, for each attribute, what it is tested for, and for each
//! hash of a unit, the buckets at which something begins or ends.
//!
//! **Invariant:** what is not listed here makes no difference to any of the decisions.

use std::collections::{BTreeMap, BTreeSet};

use crate::analyze::Side;
use crate::bundle::{
    Attribute, AttributeId, BUCKETS, Bucket, Bucketer, Bundle, Condition, Flag, FlagId, HashDomain, Percent, Predicate,
    SegmentId, Serve, Type,
};

/// An attribute by its name and its type: two bundles may declare the name otherwise.
pub(super) type AttributeKey = (String, &'static str);

/// Distinguishes hashes: two of the same key put every unit in the same bucket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct HashKey {
    bucketing: String,
    before_the_unit: Vec<u8>,
    unit: String,
}

/// What is asked of one attribute.
pub(super) struct Asked<'b> {
    pub(super) kind: Type,
    pub(super) predicates: Vec<&'b Predicate>,
    /// The values that one bundle or the other limits it to.
    pub(super) allowed: Vec<&'b [Box<str>]>,
    /// Whether some flag takes it for its unit.
    pub(super) unit: bool,
}

/// One hash of a unit.
pub(super) struct Hash {
    pub(super) unit: AttributeKey,
    pub(super) bucketer: Bucketer,
    pub(super) domain: HashDomain,
    /// Strictly between 0 and [`BUCKETS`].
    pub(super) ends: BTreeSet<Bucket>,
}

#[derive(Default)]
pub(super) struct Vocabulary<'b> {
    pub(super) attributes: BTreeMap<AttributeKey, Asked<'b>>,
    pub(super) hashes: BTreeMap<HashKey, Hash>,
    segments: BTreeSet<(Side, SegmentId)>,
    flags: BTreeSet<(Side, FlagId)>,
}

pub(super) fn attribute_key(attribute: &Attribute) -> AttributeKey {
    (attribute.name.to_string(), attribute.kind.name())
}

pub(super) fn hash_key(bundle: &Bundle, flag: &Flag, domain: HashDomain) -> Option<HashKey> {
    let unit = bundle.attributes.get(flag.unit).filter(|attribute| attribute.kind == Type::String)?;
    Some(HashKey {
        bucketing: format!("{:?}", bundle.bucketing),
        before_the_unit: flag.bucketer.input(domain, ""),
        unit: unit.name.to_string(),
    })
}

impl<'b> Vocabulary<'b> {
    pub(super) fn flag(&mut self, side: Side, bundle: &'b Bundle, id: FlagId) {
        if !self.flags.insert((side, id)) {
            return;
        }
        let flag = bundle.flag_at(id);
        for condition in flag.conditions() {
            self.condition(side, bundle, condition);
        }
        for rule in &flag.rules {
            if !matches!(rule.rollout, Percent::ZERO | Percent::ALL) {
                self.hash(bundle, flag, HashDomain::Rollout, [rule.rollout.buckets()]);
            }
            if let Serve::Split(ranges) = &rule.serve {
                self.hash(bundle, flag, HashDomain::Split, ranges.iter().map(|(end, _)| *end));
            }
        }
    }

    fn hash(&mut self, bundle: &'b Bundle, flag: &Flag, domain: HashDomain, ends: impl IntoIterator<Item = Bucket>) {
        self.attribute(bundle, flag.unit, |asked| asked.unit = true);
        let Some(key) = hash_key(bundle, flag, domain) else { return };
        let unit = (key.unit.clone(), Type::String.name());
        let fresh = || Hash { unit, bucketer: flag.bucketer.clone(), domain, ends: BTreeSet::new() };
        let hash = self.hashes.entry(key).or_insert_with(fresh);
        hash.ends.extend(ends.into_iter().filter(|end| (1..BUCKETS).contains(end)));
    }

    pub(super) fn condition(&mut self, side: Side, bundle: &'b Bundle, condition: &'b Condition) {
        match condition {
            Condition::All(inner) | Condition::Any(inner) => {
                inner.iter().for_each(|inner| self.condition(side, bundle, inner));
            }
            Condition::Not(inner) => self.condition(side, bundle, inner),
            Condition::Segment(id) => {
                if self.segments.insert((side, *id)) {
                    self.condition(side, bundle, &bundle.segment_at(*id).condition);
                }
            }
            Condition::Flag { key, .. } => self.flag(side, bundle, *key),
            Condition::Test(test) => {
                self.attribute(bundle, test.attribute, |asked| asked.predicates.push(&test.predicate));
            }
        }
    }

    pub(super) fn attribute(&mut self, bundle: &'b Bundle, id: AttributeId, ask: impl FnOnce(&mut Asked<'b>)) {
        let Some(attribute) = bundle.attributes.get(id) else { return };
        let fresh = || Asked { kind: attribute.kind, predicates: Vec::new(), allowed: Vec::new(), unit: false };
        let asked = self.attributes.entry(attribute_key(attribute)).or_insert_with(fresh);
        if let Some(allowed) = attribute.allowed.as_deref()
            && !asked.allowed.contains(&allowed)
        {
            asked.allowed.push(allowed);
        }
        ask(asked);
    }
}
