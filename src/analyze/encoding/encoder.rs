//! Encodes flags and conditions as propositional formulas.
//!
//! Takes flags and conditions of one or two bundles; gives a literal for "this condition is true" and for "this flag serves
//! this variant", and adds the clauses that define them to the solver. A rule list becomes a chain of if-then-else
//! formulas: with the rules `beta → on` and `otherwise → off`, the literal for `on` is the literal for `beta`.
//!
//! **Invariant:** a literal is true in a model exactly when the evaluator says so of the context that the model stands for.

use std::collections::BTreeMap;

use crate::analyze::budget::Budget;
use crate::analyze::encoding::atoms::{AtomSet, AttributeKey, HashKey, attribute_key, hash_key};
use crate::analyze::encoding::domain::{AttributeDomain, DomainEncoding};
use crate::analyze::encoding::encoded::{
    ConditionShape, EncodedCondition, EncodedFlag, EncodedRule, EncodedUnit, HashDimension, WantedTruth,
};
use crate::analyze::search::solver::{Literal, Solver};
use crate::analyze::side::Side;
use crate::bundle::{
    BUCKETS, Bucket, Bundle, Condition, Flag, FlagId, HashDomain, Percent, Polarity, Predicate, Serve, State, Test,
    VariantId,
};

pub(crate) struct Encoder<'b> {
    pub(crate) bundles: Vec<(Side, &'b Bundle)>,
    pub(crate) solver: Solver,
    pub(crate) domains: Vec<AttributeDomain>,
    pub(crate) dimensions: Vec<HashDimension>,
    pub(crate) flags: Vec<EncodedFlag<'b>>,
    domain_of: BTreeMap<AttributeKey, usize>,
    dimension_of: BTreeMap<HashKey, usize>,
    flag_of: BTreeMap<(Side, FlagId), usize>,
}

impl<'b> Encoder<'b> {
    pub(crate) fn new(bundles: Vec<(Side, &'b Bundle)>, atoms: AtomSet<'b>, budget: &Budget) -> Self {
        let mut solver = Solver::new(budget.conflicts);
        let mut present: BTreeMap<&str, Literal> = BTreeMap::new();
        let mut hashes = Vec::new();
        for (key, hash) in &atoms.hashes {
            let mut below = BTreeMap::new();
            let mut before = !solver.truth();
            for end in &hash.boundaries {
                let literal = solver.fresh();
                solver.assert([!before, literal]);
                below.insert(*end, literal);
                before = literal;
            }
            hashes.push((key, hash, below));
        }
        let (mut domains, mut domain_of): (Vec<AttributeDomain>, _) = (Vec::new(), BTreeMap::new());
        for (key, asked) in &atoms.attributes {
            let present = *present.entry(&key.0).or_insert_with(|| solver.fresh());
            domain_of.insert(key.clone(), domains.len());
            domains.push(AttributeDomain::new(&mut solver, key, asked, &hashes, present));
        }
        for (at, one) in domains.iter().enumerate() {
            for negated in
                domains.iter().skip(at + 1).filter(|negated| negated.name == one.name && !one.overlaps(negated))
            {
                solver.assert([!one.typed, !negated.typed]);
            }
        }
        let below: Vec<_> = hashes.into_iter().map(|(_, _, below)| below).collect();
        let (mut dimensions, mut dimension_of) = (Vec::new(), BTreeMap::new());
        for ((key, hash), below) in atoms.hashes.into_iter().zip(below) {
            let Some(domain) = domain_of.get(&hash.unit).copied() else { continue };
            dimension_of.insert(key, dimensions.len());
            dimensions.push(HashDimension { hash, domain, below });
        }
        let flag_of = BTreeMap::new();
        Self { bundles, solver, domains, dimensions, flags: Vec::new(), domain_of, dimension_of, flag_of }
    }

    pub(crate) fn bundle(&self, side: Side) -> Option<&'b Bundle> {
        self.bundles.iter().find(|(negated, _)| *negated == side).map(|(_, bundle)| *bundle)
    }

    pub(crate) fn false_literal(&self) -> Literal {
        !self.solver.truth()
    }

    pub(crate) fn condition(
        &mut self,
        side: Side,
        bundle: &'b Bundle,
        condition: &'b Condition,
        want: WantedTruth,
    ) -> EncodedCondition<'b> {
        let encoded = |literal, kind| EncodedCondition { literal, side, condition, want, kind };
        match condition {
            Condition::All(inner) => self.several(side, bundle, (condition, inner), want, want == WantedTruth::True),
            Condition::Any(inner) => self.several(side, bundle, (condition, inner), want, want == WantedTruth::False),
            Condition::Not(inner) => {
                let inner = self.condition(side, bundle, inner, want.negated());
                EncodedCondition { condition, want, ..inner }
            }
            Condition::Segment(id) => {
                let inner = self.condition(side, bundle, &bundle.segment_at(*id).condition, want);
                EncodedCondition { condition, ..inner }
            }
            Condition::Flag { key, variants } => {
                let at = self.flag(side, bundle, *key);
                let Some(flag) = self.flags.get(at) else {
                    return encoded(self.false_literal(), ConditionShape::BucketFree);
                };
                let bucket_free = flag.bucket_free;
                let served: Vec<_> =
                    variants.iter().filter_map(|id| flag.outcomes.get(usize::from(id.0)).copied()).collect();
                let served = self.solver.any(served);
                let literal = if want == WantedTruth::True { served } else { !served };
                encoded(
                    literal,
                    if bucket_free {
                        ConditionShape::BucketFree
                    } else {
                        ConditionShape::FlagServes(at, variants, want)
                    },
                )
            }
            Condition::Test(test) => encoded(self.test(bundle, test, want), ConditionShape::BucketFree),
        }
    }

    fn several(
        &mut self,
        side: Side,
        bundle: &'b Bundle,
        (condition, inner): (&'b Condition, &'b [Condition]),
        want: WantedTruth,
        conjunction: bool,
    ) -> EncodedCondition<'b> {
        let nodes: Vec<_> = inner.iter().map(|inner| self.condition(side, bundle, inner, want)).collect();
        let literals: Vec<_> = nodes.iter().map(|encoded| encoded.literal).collect();
        let literal = if conjunction { self.solver.all(literals) } else { self.solver.any(literals) };
        let bucket_free = nodes.iter().all(|encoded| matches!(encoded.kind, ConditionShape::BucketFree));
        let kind = match (bucket_free, conjunction) {
            (true, _) => ConditionShape::BucketFree,
            (false, true) => ConditionShape::All(nodes),
            (false, false) => ConditionShape::Any(nodes),
        };
        EncodedCondition { literal, side, condition, want, kind }
    }

    fn test(&mut self, bundle: &Bundle, test: &Test, want: WantedTruth) -> Literal {
        let never = self.false_literal();
        let Some(attribute) = bundle.attributes.get(test.attribute) else { return never };
        let at = self.domain_of.get(&attribute_key(attribute));
        let Some(domain) = at.and_then(|at| self.domains.get(*at)) else { return never };
        let positive = (test.sign == Polarity::Is) == (want == WantedTruth::True);
        if matches!(test.predicate, Predicate::Exists) {
            return domain.present.apply_sign(positive);
        }
        let Some(holds) = domain.test(&mut self.solver, &test.predicate) else { return never };
        let usable = domain.usable(&mut self.solver, attribute.allowed.as_deref());
        self.solver.all([usable, holds.apply_sign(positive)])
    }

    /// The place of the flag in [`Self::flags`], with all that it refers to before it.
    pub(crate) fn flag(&mut self, side: Side, bundle: &'b Bundle, id: FlagId) -> usize {
        if let Some(known) = self.flag_of.get(&(side, id)) {
            return *known;
        }
        let flag = bundle.flag_at(id);
        let prerequisites: Vec<_> =
            flag.prerequisites.iter().map(|one| self.condition(side, bundle, one, WantedTruth::True)).collect();
        let unit = self.unit(bundle, flag);
        let dimension = |encoder: &Self, domain| {
            let key = hash_key(bundle, flag, domain)?;
            encoder.dimension_of.get(&key).copied()
        };
        let gate = dimension(self, HashDomain::Rollout);
        let split = dimension(self, HashDomain::Split);
        let mut rules = Vec::with_capacity(flag.rules.len());
        for rule in &flag.rules {
            let condition = rule.condition.as_ref().map(|one| self.condition(side, bundle, one, WantedTruth::True));
            let matches = condition.as_ref().map_or(self.solver.truth(), |encoded| encoded.literal);
            let admits = match rule.rollout {
                Percent::ALL => self.solver.truth(),
                share => self.below(unit, gate, share.buckets()),
            };
            let applies = self.solver.all([matches, admits]);
            rules.push(EncodedRule { rule, condition, applies });
        }
        let hashless = |rule: &EncodedRule<'_>| {
            matches!(rule.rule.rollout, Percent::ZERO | Percent::ALL) && matches!(rule.rule.serve, Serve::Variant(_))
        };
        let condition_is_bucket_free =
            |encoded: &EncodedCondition<'_>| matches!(encoded.kind, ConditionShape::BucketFree);
        let bucket_free = flag.state != State::Enabled
            || prerequisites.iter().all(condition_is_bucket_free)
                && rules
                    .iter()
                    .all(|rule| hashless(rule) && rule.condition.as_ref().is_none_or(condition_is_bucket_free));
        let enabled = self.outcomes(flag, &prerequisites, &rules, unit, split);
        let fixed = |id| if VariantId(id) == flag.off { self.solver.truth() } else { self.false_literal() };
        let outcomes = match flag.state {
            State::Enabled => enabled.clone(),
            _ => (0u16..).map(fixed).take(flag.variants.len()).collect(),
        };
        let at = self.flags.len();
        self.flags.push(EncodedFlag {
            side,
            flag,
            prerequisites,
            rules,
            enabled,
            outcomes,
            bucket_free,
            unit,
            gate,
            split,
        });
        self.flag_of.insert((side, id), at);
        at
    }

    fn outcomes(
        &mut self,
        flag: &Flag,
        prerequisites: &[EncodedCondition<'_>],
        rules: &[EncodedRule<'_>],
        unit: EncodedUnit,
        split: Option<usize>,
    ) -> Vec<Literal> {
        let (yes, no) = (self.solver.truth(), self.false_literal());
        let ids = || (0u16..).map(VariantId).take(flag.variants.len());
        let only = |one: VariantId| -> Vec<Literal> { ids().map(|id| if id == one { yes } else { no }).collect() };
        // From the last rule to the first, so that flags that end alike share all of their end.
        let mut served = only(flag.default);
        for rule in rules.iter().rev() {
            let serves = match &rule.rule.serve {
                Serve::Variant(id) => only(*id),
                Serve::Split(_) => {
                    let drawn: Vec<_> = ids().map(|id| self.drawn(unit, split, &rule.rule.serve, id)).collect();
                    let without = only(flag.off);
                    drawn
                        .iter()
                        .zip(without)
                        .map(|(drawn, off)| self.solver.choice(unit.present, *drawn, off))
                        .collect()
                }
            };
            let pairs = serves.into_iter().zip(served);
            served = pairs.map(|(then, otherwise)| self.solver.choice(rule.applies, then, otherwise)).collect();
        }
        let met = self.solver.all(prerequisites.iter().map(|encoded| encoded.literal).collect::<Vec<_>>());
        let pairs = served.into_iter().zip(only(flag.off));
        pairs.map(|(then, otherwise)| self.solver.choice(met, then, otherwise)).collect()
    }

    /// The unit's bucket in the split is one of the variant's.
    fn drawn(&mut self, unit: EncodedUnit, split: Option<usize>, serve: &Serve, id: VariantId) -> Literal {
        let mut inside = Vec::new();
        for (range, _) in serve.ranges().filter(|(range, variant)| *variant == id && !range.is_empty()) {
            let (from, to) = (self.below(unit, split, range.start), self.below(unit, split, range.end));
            inside.push(self.solver.all([!from, to]));
        }
        self.solver.any(inside)
    }

    /// There is a unit and its bucket lies below the end.
    fn below(&mut self, unit: EncodedUnit, dimension: Option<usize>, end: Bucket) -> Literal {
        match end {
            0 => self.false_literal(),
            BUCKETS.. => unit.present,
            _ => {
                let literal = dimension.and_then(|at| self.dimensions.get(at)?.below.get(&end)).copied();
                let literal = literal.unwrap_or(self.false_literal());
                self.solver.all([unit.present, literal])
            }
        }
    }

    pub(crate) fn unit(&mut self, bundle: &Bundle, flag: &Flag) -> EncodedUnit {
        let never = self.false_literal();
        let absent = EncodedUnit { present: never, named: never, domain: None };
        let Some(attribute) = bundle.attributes.get(flag.unit) else { return absent };
        let Some(at) = self.domain_of.get(&attribute_key(attribute)).copied() else { return absent };
        let Some(domain) = self.domains.get(at) else { return absent };
        let DomainEncoding::Text(text) = &domain.encoding else { return absent };
        let empty = text.empty(&mut self.solver);
        let usable = domain.usable(&mut self.solver, attribute.allowed.as_deref());
        let present = self.solver.all([usable, !empty]);
        let named: Vec<_> = text.classes.iter().map(|class| class.holds).filter(|holds| *holds != empty).collect();
        let named = self.solver.any(named);
        EncodedUnit { present, named, domain: Some(at) }
    }
}
