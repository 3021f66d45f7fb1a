//! Everything that some decisions ask of a context.
//!
//! Takes flags and conditions of one or two bundles; gives, for each attribute, what it is tested for, and for each
//! hash of a unit, the buckets at which something begins or ends.
//!
//! **Invariant:** what is not listed here makes no difference to any of the decisions.

use std::collections::{BTreeMap, BTreeSet};

use crate::analyze::Side;
use crate::bundle::{
    Attribute, AttributeId, BUCKETS, Bucket, Bucketer, Bundle, Condition, Flag, FlagId, Follow, HashDomain, Percent,
    Predicate, Serve, Type, Walk,
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
    walks: BTreeMap<Side, Walk<'b>>,
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
    /// Adds what the decision of a flag depends on.
    pub(super) fn flag(&mut self, side: Side, bundle: &'b Bundle, id: FlagId) {
        self.buckets(side, bundle, id);
        self.walk(side, bundle, |walk| walk.add_flag(id));
    }

    /// Adds what the truth of a condition depends on.
    pub(super) fn condition(&mut self, side: Side, bundle: &'b Bundle, condition: &'b Condition) {
        self.walk(side, bundle, |walk| walk.add(condition));
    }

    /// Visits what `add` adds, without what an earlier walk of the same side has entered.
    fn walk(&mut self, side: Side, bundle: &'b Bundle, add: impl FnOnce(&mut Walk<'b>)) {
        let mut walk = self.walks.remove(&side).unwrap_or_else(|| Walk::new(bundle, Follow::SegmentsAndFlags));
        add(&mut walk);
        for condition in &mut walk {
            match condition {
                Condition::All(_) | Condition::Any(_) | Condition::Not(_) | Condition::Segment(_) => {}
                Condition::Flag { key, .. } => self.buckets(side, bundle, *key),
                Condition::Test(test) => {
                    self.attribute(bundle, test.attribute, |asked| asked.predicates.push(&test.predicate));
                }
            }
        }
        self.walks.insert(side, walk);
    }

    /// Adds the buckets at which a rollout or a split of the flag begins or ends.
    fn buckets(&mut self, side: Side, bundle: &'b Bundle, id: FlagId) {
        if !self.flags.insert((side, id)) {
            return;
        }
        let flag = bundle.flag_at(id);
        for rule in &flag.rules {
            if !matches!(rule.rollout, Percent::ZERO | Percent::ALL) {
                self.hash(bundle, flag, HashDomain::Rollout, [rule.rollout.buckets()]);
            }
            if matches!(rule.serve, Serve::Split(_)) {
                self.hash(bundle, flag, HashDomain::Split, rule.serve.ranges().map(|(range, _)| range.end));
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
