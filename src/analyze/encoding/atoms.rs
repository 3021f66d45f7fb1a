//! Collects the atoms of some flags and conditions: every test of an attribute and every bucket boundary that they
//! read.
//!
//! The input is flags and conditions of one or two bundles. The output is, for each attribute, all predicates that test
//! it, and for each hash of a unit, the buckets at which a rollout, a split or a slot has a boundary. The encoder then divides
//! the values of each attribute into classes that these atoms do not distinguish.
//!
//! **Invariant:** the decisions depend on nothing in the context except the collected atoms.

use std::collections::{BTreeMap, BTreeSet};

use crate::analyze::side::Side;
use crate::bundle::{
    Attribute, AttributeId, BUCKETS, Bucket, Bucketer, Bundle, Condition, FlagId, Follow, HashDomain, Percent,
    Predicate, Serve, Type, Walk,
};

/// The name and the type of an attribute. Two bundles may declare the same name with different types.
pub(crate) type AttributeKey = (String, &'static str);

/// Identifies a hash of units: two hashes with the same key put every unit into the same bucket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct HashKey {
    bucketing: String,
    /// The bytes that are hashed before the unit: the salt, and the bytes that separate the hashes of one flag.
    prefix: Vec<u8>,
    unit: String,
}

/// The atoms of one attribute.
pub(crate) struct AttributeAtoms<'b> {
    pub(crate) kind: Type,
    pub(crate) predicates: Vec<&'b Predicate>,
    /// The allowed values of the attribute in each bundle that declares it as an enum.
    pub(crate) allowed: Vec<&'b [Box<str>]>,
    /// Whether a rule hashes this attribute.
    pub(crate) is_unit: bool,
}

/// A hash of units.
pub(crate) struct BucketHash {
    pub(crate) unit: AttributeKey,
    pub(crate) bucketer: Bucketer,
    pub(crate) domain: HashDomain,
    /// The buckets at which a rollout, a split, a slot or the share of a kill begins or ends, strictly between 0 and [`BUCKETS`].
    pub(crate) boundaries: BTreeSet<Bucket>,
}

/// Everything that some flags and conditions read from a context.
#[derive(Default)]
pub(crate) struct AtomSet<'b> {
    pub(crate) attributes: BTreeMap<AttributeKey, AttributeAtoms<'b>>,
    pub(crate) hashes: BTreeMap<HashKey, BucketHash>,
    walks: BTreeMap<Side, Walk<'b>>,
    flags: BTreeSet<(Side, FlagId)>,
}

pub(crate) fn attribute_key(attribute: &Attribute) -> AttributeKey {
    // The encoder needs `ip` and `semver` before `version`, and these types before `string`.
    let kind = if attribute.kind == Type::Version { "spelled version" } else { attribute.kind.name() };
    (attribute.name.to_string(), kind)
}

/// Returns the key of the hash of a unit by a flag or a layer, or `None` if the unit is not a text attribute.
pub(crate) fn hash_key(bundle: &Bundle, bucketer: &Bucketer, unit: AttributeId, domain: HashDomain) -> Option<HashKey> {
    let unit = bundle.attributes.get(unit).filter(|attribute| attribute.kind == Type::String)?;
    Some(HashKey {
        bucketing: format!("{:?}", bundle.bucketing),
        prefix: bucketer.input(domain, ""),
        unit: unit.name.to_string(),
    })
}

impl<'b> AtomSet<'b> {
    /// Adds all atoms that the decision of a flag depends on.
    pub(crate) fn flag(&mut self, side: Side, bundle: &'b Bundle, id: FlagId) {
        self.buckets(side, bundle, id);
        self.walk(side, bundle, |walk| walk.add_flag(id));
    }

    /// Treats the units of a flag as units, also if the flag has no rollout and no split. Values that its conditions name
    /// are then found in the same way with and without a rollout.
    pub(crate) fn units(&mut self, bundle: &'b Bundle, id: FlagId) {
        for unit in bundle.flag_at(id).units() {
            let attribute = bundle.attributes.get(unit);
            if let Some(atoms) = attribute.and_then(|attribute| self.attributes.get_mut(&attribute_key(attribute))) {
                atoms.is_unit = true;
            }
        }
    }

    /// Adds all atoms that the truth of a condition depends on.
    pub(crate) fn condition(&mut self, side: Side, bundle: &'b Bundle, condition: &'b Condition) {
        self.walk(side, bundle, |walk| walk.add(condition));
    }

    /// Visits the conditions that `add` adds, except those that an earlier walk of the same side has visited.
    fn walk(&mut self, side: Side, bundle: &'b Bundle, add: impl FnOnce(&mut Walk<'b>)) {
        let mut walk = self.walks.remove(&side).unwrap_or_else(|| Walk::new(bundle, Follow::SegmentsAndFlags));
        add(&mut walk);
        for condition in &mut walk {
            match condition {
                Condition::All(_) | Condition::Any(_) | Condition::Not(_) | Condition::Segment(_) => {}
                Condition::Flag { key, .. } => self.buckets(side, bundle, *key),
                Condition::Test(test) => {
                    self.attribute(bundle, test.attribute, |atoms| atoms.predicates.push(&test.predicate));
                }
            }
        }
        self.walks.insert(side, walk);
    }

    /// Adds the buckets at which a slot, a rollout, a split or the share that a kill admits begins or ends.
    fn buckets(&mut self, side: Side, bundle: &'b Bundle, id: FlagId) {
        if !self.flags.insert((side, id)) {
            return;
        }
        let flag = bundle.flag_at(id);
        let bucketer = &flag.bucketer;
        for rule in &flag.rules {
            let unit = flag.unit_of(rule);
            if let Some(slot) = rule.partial_slot() {
                let range = slot.range.buckets();
                self.hash(bundle, &slot.bucketer, (unit, HashDomain::Layer), [range.start, range.end]);
            }
            if !matches!(rule.rollout, Percent::ZERO | Percent::ALL) {
                self.hash(bundle, bucketer, (unit, HashDomain::Rollout), [rule.rollout.buckets()]);
            }
            if matches!(rule.serve, Serve::Split(_)) {
                let ends = rule.serve.ranges().map(|(range, _)| range.end);
                self.hash(bundle, bucketer, (unit, HashDomain::Split), ends);
            }
        }
        if flag.state.is_half_open() {
            for unit in flag.units() {
                self.hash(bundle, bucketer, (unit, HashDomain::Rollout), [flag.state.admits().buckets()]);
            }
        }
    }

    fn hash(
        &mut self,
        bundle: &'b Bundle,
        bucketer: &Bucketer,
        (unit, domain): (AttributeId, HashDomain),
        boundaries: impl IntoIterator<Item = Bucket>,
    ) {
        self.attribute(bundle, unit, |atoms| atoms.is_unit = true);
        let Some(key) = hash_key(bundle, bucketer, unit, domain) else { return };
        let unit = (key.unit.clone(), Type::String.name());
        let fresh = || BucketHash { unit, bucketer: bucketer.clone(), domain, boundaries: BTreeSet::new() };
        let hash = self.hashes.entry(key).or_insert_with(fresh);
        hash.boundaries.extend(boundaries.into_iter().filter(|boundary| (1..BUCKETS).contains(boundary)));
    }

    /// Adds the attribute and its allowed values, and calls `add` to add the tested predicates.
    fn attribute(&mut self, bundle: &'b Bundle, id: AttributeId, add: impl FnOnce(&mut AttributeAtoms<'b>)) {
        let Some(attribute) = bundle.attributes.get(id) else { return };
        let fresh =
            || AttributeAtoms { kind: attribute.kind, predicates: Vec::new(), allowed: Vec::new(), is_unit: false };
        let atoms = self.attributes.entry(attribute_key(attribute)).or_insert_with(fresh);
        if let Some(allowed) = attribute.allowed.as_deref()
            && !atoms.allowed.contains(&allowed)
        {
            atoms.allowed.push(allowed);
        }
        add(atoms);
    }
}
