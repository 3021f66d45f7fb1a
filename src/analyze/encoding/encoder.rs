//! Encodes flags and conditions as propositional formulas.
//!
//! The input is flags and conditions of one or two bundles. The output is a literal for "this condition is true" and
//! for "this flag serves this variant". The encoder adds the clauses that define these literals to the solver. A rule
//! list becomes a chain of if-then-else formulas: with the rules `beta → on` and `otherwise → off`, the literal for
//! `on` is the literal for `beta`.
//!
//! **Invariant:** a literal is true in a model exactly if the evaluator gets the same result for the context of the
//! model.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::analyze::budget::Budget;
use crate::analyze::encoding::atoms::{AtomSet, AttributeKey, HashKey, attribute_key, hash_key};
use crate::analyze::encoding::domain::{AttributeDomain, DomainEncoding};
use crate::analyze::encoding::encoded::{
    ConditionShape, EncodedCondition, EncodedFlag, EncodedRule, EncodedUnit, HashDimension, WantedTruth,
};
use crate::analyze::error::{AnalysisError, Excess};
use crate::analyze::search::solver::{Literal, Solver};
use crate::analyze::side::Side;
use crate::bundle::{
    Attribute, AttributeId, BUCKETS, Bucket, Bundle, Condition, Flag, FlagId, HashDomain, Percent, Polarity, Predicate,
    Serve, State, Test, VariantId,
};

/// The solver with everything that is encoded in it.
pub(crate) struct Encoder<'b> {
    pub(crate) bundles: Vec<(Side, &'b Bundle)>,
    pub(crate) solver: Solver,
    pub(crate) domains: Vec<AttributeDomain>,
    pub(crate) dimensions: Vec<HashDimension>,
    pub(crate) flags: Vec<EncodedFlag<'b>>,
    domain_index: BTreeMap<AttributeKey, usize>,
    dimension_index: BTreeMap<HashKey, usize>,
    flag_index: BTreeMap<(Side, FlagId), usize>,
}

impl<'b> Encoder<'b> {
    /// Creates the variables of all attributes and hashes.
    pub(crate) fn new(bundles: Vec<(Side, &'b Bundle)>, atoms: AtomSet<'b>, budget: &Budget) -> Self {
        let mut solver = Solver::new(budget.conflicts);
        let mut present: BTreeMap<&str, Literal> = BTreeMap::new();
        let mut hashes = Vec::new();
        for (key, hash) in &atoms.hashes {
            let mut below = BTreeMap::new();
            let mut before = !solver.truth();
            for boundary in &hash.boundaries {
                let literal = solver.fresh();
                solver.assert([!before, literal]);
                below.insert(*boundary, literal);
                before = literal;
            }
            hashes.push((key, hash, below));
        }
        let (mut domains, mut domain_index): (Vec<AttributeDomain>, _) = (Vec::new(), BTreeMap::new());
        for (key, attribute_atoms) in &atoms.attributes {
            let present = *present.entry(&key.0).or_insert_with(|| solver.fresh());
            domain_index.insert(key.clone(), domains.len());
            // The types of one name are in alphabetical order.
            let earlier = domains.last_mut().filter(|earlier| earlier.name == key.0);
            let domain = AttributeDomain::new(&mut solver, key, attribute_atoms, &hashes, present, earlier);
            domains.push(domain);
        }
        for (left, right) in domains.iter().zip(domains.iter().skip(1)).filter(|(left, right)| left.name == right.name)
        {
            left.relate(right, &mut solver);
        }
        let below: Vec<_> = hashes.into_iter().map(|(_, _, below)| below).collect();
        let (mut dimensions, mut dimension_index) = (Vec::new(), BTreeMap::new());
        for ((key, hash), below) in atoms.hashes.into_iter().zip(below) {
            let Some(domain) = domain_index.get(&hash.unit).copied() else { continue };
            dimension_index.insert(key, dimensions.len());
            dimensions.push(HashDimension { hash, domain, below });
        }
        let flag_index = BTreeMap::new();
        Self { bundles, solver, domains, dimensions, flags: Vec::new(), domain_index, dimension_index, flag_index }
    }

    pub(crate) fn bundle(&self, side: Side) -> Option<&'b Bundle> {
        self.bundles.iter().find(|(bundle_side, _)| *bundle_side == side).map(|(_, bundle)| *bundle)
    }

    /// Adds the texts of a domain with these signs as named units.
    pub(crate) fn add_named_units(&mut self, domain: usize, signs: &[bool], texts: Vec<String>) {
        let hashes = self.dimensions.iter().filter(|dimension| dimension.domain == domain);
        let hashes: Vec<_> = hashes.map(|dimension| (&dimension.hash, &dimension.below)).collect();
        if let Some(domain) = self.domains.get_mut(domain)
            && let DomainEncoding::Text(text) = &mut domain.encoding
        {
            text.add_named(&mut self.solver, signs, texts, &hashes);
        }
    }

    /// Returns the error for conditions with too many combinations.
    pub(crate) fn too_many_conditions(&self) -> AnalysisError {
        AnalysisError::Exhausted(Excess::Conditions(self.keys(|flag| !flag.rules.is_empty())))
    }

    /// Returns the error for rollouts and splits with too many combinations.
    pub(crate) fn too_many_buckets(&self) -> AnalysisError {
        let has_hash = |flag: &EncodedFlag<'_>| !flag.flag.hashed_units().is_empty();
        AnalysisError::Exhausted(Excess::Buckets(self.keys(has_hash)))
    }

    /// Returns the keys of the selected flags, each once.
    fn keys(&self, is_selected: impl Fn(&EncodedFlag<'b>) -> bool) -> Vec<String> {
        let selected = self.flags.iter().filter(|flag| is_selected(flag));
        selected.map(|flag| flag.flag.key.to_string()).collect::<BTreeSet<_>>().into_iter().collect()
    }

    pub(crate) fn false_literal(&self) -> Literal {
        !self.solver.truth()
    }

    /// Encodes a condition for a wanted truth value.
    pub(crate) fn condition(
        &mut self,
        side: Side,
        bundle: &'b Bundle,
        condition: &'b Condition,
        want: WantedTruth,
    ) -> EncodedCondition<'b> {
        let encoded = |literal, shape| EncodedCondition { literal, side, condition, want, shape };
        match condition {
            Condition::All(inner) => {
                self.connected(side, bundle, (condition, inner), want, Connective::And.if_wanted(want))
            }
            Condition::Any(inner) => {
                self.connected(side, bundle, (condition, inner), want, Connective::Or.if_wanted(want))
            }
            Condition::Not(inner) => {
                let inner = self.condition(side, bundle, inner, want.negated());
                EncodedCondition { condition, want, ..inner }
            }
            Condition::Segment(id) => {
                let inner = self.condition(side, bundle, &bundle.segment_at(*id).condition, want);
                EncodedCondition { condition, ..inner }
            }
            Condition::Flag { key, variants } => {
                let index = self.flag(side, bundle, *key);
                let Some(flag) = self.flags.get(index) else {
                    return encoded(self.false_literal(), ConditionShape::BucketFree);
                };
                let bucket_free = flag.bucket_free;
                let served: Vec<_> =
                    variants.iter().filter_map(|id| flag.outcomes.get(usize::from(id.0)).copied()).collect();
                let served = self.solver.any(served);
                let literal = if want == WantedTruth::True { served } else { !served };
                let shape = if bucket_free {
                    ConditionShape::BucketFree
                } else {
                    ConditionShape::FlagServes { flag: index, variants, want }
                };
                encoded(literal, shape)
            }
            Condition::Test(test) => encoded(self.test(bundle, test, want), ConditionShape::BucketFree),
        }
    }

    /// Encodes the operands of `all` and `any`.
    fn connected(
        &mut self,
        side: Side,
        bundle: &'b Bundle,
        (condition, inner): (&'b Condition, &'b [Condition]),
        want: WantedTruth,
        connective: Connective,
    ) -> EncodedCondition<'b> {
        let operands: Vec<_> = inner.iter().map(|inner| self.condition(side, bundle, inner, want)).collect();
        let literals: Vec<_> = operands.iter().map(|operand| operand.literal).collect();
        let literal = match connective {
            Connective::And => self.solver.all(literals),
            Connective::Or => self.solver.any(literals),
        };
        let bucket_free = operands.iter().all(|operand| matches!(operand.shape, ConditionShape::BucketFree));
        let shape = match (bucket_free, connective) {
            (true, _) => ConditionShape::BucketFree,
            (false, Connective::And) => ConditionShape::All(operands),
            (false, Connective::Or) => ConditionShape::Any(operands),
        };
        EncodedCondition { literal, side, condition, want, shape }
    }

    /// Returns the domain of an attribute, or `None` if nothing reads the attribute.
    pub(crate) fn domain(&self, attribute: &Attribute) -> Option<&AttributeDomain> {
        self.domains.get(*self.domain_index.get(&attribute_key(attribute))?)
    }

    /// Returns a literal that is true if the attribute has a value of its type, or `None` if nothing reads the attribute.
    pub(crate) fn usable(&mut self, attribute: &Attribute) -> Option<Literal> {
        let domain = self.domains.get(*self.domain_index.get(&attribute_key(attribute))?)?;
        Some(domain.usable(&mut self.solver, attribute.allowed.as_deref()))
    }

    /// Encodes a test. A test of an unusable value is unknown, so both of its literals are false.
    pub(crate) fn test(&mut self, bundle: &Bundle, test: &Test, want: WantedTruth) -> Literal {
        let never = self.false_literal();
        let Some(attribute) = bundle.attributes.get(test.attribute) else { return never };
        let index = self.domain_index.get(&attribute_key(attribute));
        let Some(domain) = index.and_then(|index| self.domains.get(*index)) else { return never };
        let must_hold = (test.sign == Polarity::Is) == (want == WantedTruth::True);
        if matches!(test.predicate, Predicate::Exists) {
            return domain.present.apply_sign(must_hold);
        }
        let Some(holds) = domain.test(&mut self.solver, &test.predicate) else { return never };
        let usable = domain.usable(&mut self.solver, attribute.allowed.as_deref());
        self.solver.all([usable, holds.apply_sign(must_hold)])
    }

    /// Encodes a flag and the flags that it refers to, each once, and returns its index in [`Self::flags`].
    pub(crate) fn flag(&mut self, side: Side, bundle: &'b Bundle, id: FlagId) -> usize {
        if let Some(known) = self.flag_index.get(&(side, id)) {
            return *known;
        }
        let flag = bundle.flag_at(id);
        let prerequisites: Vec<_> = flag
            .prerequisites
            .iter()
            .map(|condition| self.condition(side, bundle, condition, WantedTruth::True))
            .collect();
        let dimension = |encoder: &Self, bucketer, unit, domain| {
            let key = hash_key(bundle, bucketer, unit, domain)?;
            encoder.dimension_index.get(&key).copied()
        };
        let bucketer = &flag.bucketer;
        let units = flag.units().into_iter().map(|unit| self.unit(bundle, unit)).collect();
        let mut rules = Vec::with_capacity(flag.rules.len());
        for rule in &flag.rules {
            let condition =
                rule.condition.as_ref().map(|condition| self.condition(side, bundle, condition, WantedTruth::True));
            let matches = condition.as_ref().map_or(self.solver.truth(), |encoded| encoded.literal);
            let unit = self.unit(bundle, flag.unit_of(rule));
            let slot = rule.partial_slot();
            let slot_dimension =
                slot.and_then(|slot| dimension(self, &slot.bucketer, flag.unit_of(rule), HashDomain::Layer));
            let rollout_dimension = dimension(self, bucketer, flag.unit_of(rule), HashDomain::Rollout);
            let split_dimension = dimension(self, bucketer, flag.unit_of(rule), HashDomain::Split);
            let in_slot = match slot {
                None => self.solver.truth(),
                Some(slot) => self.within(unit, slot_dimension, &slot.range.buckets()),
            };
            let admits = match rule.rollout {
                Percent::ALL => self.solver.truth(),
                rollout => self.below(unit, rollout_dimension, rollout.buckets()),
            };
            let applies = self.solver.all([matches, in_slot, admits]);
            rules.push(EncodedRule {
                rule,
                condition,
                applies,
                unit,
                slot_dimension,
                rollout_dimension,
                split_dimension,
            });
        }
        let condition_is_bucket_free =
            |encoded: &EncodedCondition<'_>| matches!(encoded.shape, ConditionShape::BucketFree);
        let bucket_free = flag.state.is_off()
            || !flag.state.is_half_open()
                && prerequisites.iter().all(condition_is_bucket_free)
                && rules.iter().all(|rule| {
                    !rule.rule.depends_on_bucket() && rule.condition.as_ref().is_none_or(condition_is_bucket_free)
                });
        let default_unit = self.unit(bundle, flag.unit);
        let default_dimension = dimension(self, bucketer, flag.unit, HashDomain::Rollout);
        let default = (default_unit, default_dimension);
        let outcomes_if_enabled = self.outcomes(flag, &prerequisites, &rules, default, Percent::ALL);
        let fixed = |id| if VariantId(id) == flag.off { self.solver.truth() } else { self.false_literal() };
        let outcomes = match flag.state {
            State::Enabled => outcomes_if_enabled.clone(),
            State::Disabled | State::Killed { admit: Percent::ZERO, .. } => {
                (0u16..).map(fixed).take(flag.variants.len()).collect()
            }
            State::Killed { admit, .. } => self.outcomes(flag, &prerequisites, &rules, default, admit),
        };
        let index = self.flags.len();
        self.flags.push(EncodedFlag {
            side,
            flag,
            prerequisites,
            rules,
            outcomes_if_enabled,
            outcomes,
            bucket_free,
            default_unit,
            default_dimension,
            units,
        });
        self.flag_index.insert((side, id), index);
        index
    }

    /// Encodes the decision. Returns, for each variant, a literal that is true if the variant is served. Units outside of
    /// the share `admit` get `off`, whatever the rules and the default serve. `default` is the flag's own unit, and the
    /// dimension of its rollout hash.
    fn outcomes(
        &mut self,
        flag: &Flag,
        prerequisites: &[EncodedCondition<'_>],
        rules: &[EncodedRule<'_>],
        default: (EncodedUnit, Option<usize>),
        admit: Percent,
    ) -> Vec<Literal> {
        let (yes, no) = (self.solver.truth(), self.false_literal());
        let ids = || (0u16..).map(VariantId).take(flag.variants.len());
        let only =
            |served: VariantId| -> Vec<Literal> { ids().map(|id| if id == served { yes } else { no }).collect() };
        // The loop goes from the last rule to the first, because two flags with the same last rules then share their
        // encoding.
        let mut served = self.admitted(only(flag.default), only(flag.off), default, admit);
        for rule in rules.iter().rev() {
            let serves = match &rule.rule.serve {
                Serve::Variant(id) => only(*id),
                Serve::Split(_) => {
                    let drawn: Vec<_> = ids().map(|id| self.drawn(rule, id)).collect();
                    let without = only(flag.off);
                    drawn
                        .iter()
                        .zip(without)
                        .map(|(drawn, off)| self.solver.choice(rule.unit.present, *drawn, off))
                        .collect()
                }
            };
            let serves = self.admitted(serves, only(flag.off), (rule.unit, rule.rollout_dimension), admit);
            let pairs = serves.into_iter().zip(served);
            served = pairs.map(|(then, otherwise)| self.solver.choice(rule.applies, then, otherwise)).collect();
        }
        let met = self.solver.all(prerequisites.iter().map(|encoded| encoded.literal).collect::<Vec<_>>());
        let pairs = served.into_iter().zip(only(flag.off));
        pairs.map(|(then, otherwise)| self.solver.choice(met, then, otherwise)).collect()
    }

    /// Returns, for each variant, a literal that is true if the variant is served where a kill admits a share of units.
    fn admitted(
        &mut self,
        served: Vec<Literal>,
        off: Vec<Literal>,
        (unit, dimension): (EncodedUnit, Option<usize>),
        admit: Percent,
    ) -> Vec<Literal> {
        if admit == Percent::ALL {
            return served;
        }
        let admitted = self.below(unit, dimension, admit.buckets());
        served.into_iter().zip(off).map(|(then, otherwise)| self.solver.choice(admitted, then, otherwise)).collect()
    }

    /// Returns a literal that is true if the unit's bucket lies in one of the variant's ranges of the split.
    fn drawn(&mut self, rule: &EncodedRule<'_>, id: VariantId) -> Literal {
        let mut inside = Vec::new();
        let EncodedRule { unit, split_dimension: dimension, .. } = *rule;
        for (range, _) in rule.rule.serve.ranges().filter(|(range, variant)| *variant == id && !range.is_empty()) {
            inside.push(self.within(unit, dimension, &range));
        }
        self.solver.any(inside)
    }

    /// Returns a literal that is true if the context has a unit, and its bucket is in the range.
    fn within(&mut self, unit: EncodedUnit, dimension: Option<usize>, range: &Range<Bucket>) -> Literal {
        let (from, to) = (self.below(unit, dimension, range.start), self.below(unit, dimension, range.end));
        self.solver.all([!from, to])
    }

    /// Returns a literal that is true if the context has a unit, and its bucket is below the boundary.
    fn below(&mut self, unit: EncodedUnit, dimension: Option<usize>, boundary: Bucket) -> Literal {
        match boundary {
            0 => self.false_literal(),
            BUCKETS.. => unit.present,
            _ => {
                let literal = dimension.and_then(|index| self.dimensions.get(index)?.below.get(&boundary)).copied();
                let literal = literal.unwrap_or(self.false_literal());
                self.solver.all([unit.present, literal])
            }
        }
    }

    fn unit(&mut self, bundle: &Bundle, unit: AttributeId) -> EncodedUnit {
        let never = self.false_literal();
        let absent = EncodedUnit { present: never, named: never, domain: None };
        let Some(attribute) = bundle.attributes.get(unit) else { return absent };
        let Some(index) = self.domain_index.get(&attribute_key(attribute)).copied() else { return absent };
        let Some(domain) = self.domains.get(index) else { return absent };
        let DomainEncoding::Text(text) = &domain.encoding else { return absent };
        let empty = text.empty(&mut self.solver);
        let usable = domain.usable(&mut self.solver, attribute.allowed.as_deref());
        let present = self.solver.all([usable, !empty]);
        let constants = text.classes.iter().map(|class| class.holds).filter(|holds| *holds != empty);
        let named: Vec<_> = constants.chain([text.named_by_patterns]).collect();
        let named = self.solver.any(named);
        EncodedUnit { present, named, domain: Some(index) }
    }
}

/// The connective between the operands of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Connective {
    And,
    Or,
}

impl Connective {
    /// Returns the connective for the operands' literals. By De Morgan's law, `all` is false if any operand is false.
    fn if_wanted(self, want: WantedTruth) -> Self {
        match (self, want) {
            (Self::And, WantedTruth::True) | (Self::Or, WantedTruth::False) => Self::And,
            (Self::Or, WantedTruth::True) | (Self::And, WantedTruth::False) => Self::Or,
        }
    }
}
