//! Flags and conditions as propositions.
//!
//! Takes flags and conditions of one or two bundles; gives a literal for each truth and each outcome, beside the
//! structure that the decision goes through.
//!
//! **Invariant:** a literal holds in a model exactly when the evaluator would say so of the context it stands for.

use std::collections::BTreeMap;

use crate::analyze::atoms::{AttributeKey, Hash, HashKey, Vocabulary, attribute_key, hash_key};
use crate::analyze::domain::{Domain, Form};
use crate::analyze::solver::{Literal, Solver};
use crate::analyze::{Budget, Side};
use crate::bundle;
use crate::bundle::{
    BUCKETS, Bucket, Bundle, Condition, FlagId, Percent, Polarity, Predicate, Rule, Serve, State, Test, VariantId,
};

/// Which of the two certain truths a condition is asked for. What is unknown is neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    True,
    False,
}

impl Want {
    fn other(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
        }
    }
}

/// That a condition is true, or that it is false.
#[derive(Debug)]
pub(super) struct Node<'b> {
    pub(super) literal: Literal,
    pub(super) side: Side,
    pub(super) condition: &'b Condition,
    pub(super) want: Want,
    pub(super) kind: NodeKind<'b>,
}

#[derive(Debug)]
pub(super) enum NodeKind<'b> {
    /// Does not depend on any bucket.
    Plain,
    All(Vec<Node<'b>>),
    Any(Vec<Node<'b>>),
    /// Whether the flag at that place serves one of these; asked for by itself, whatever stands around it.
    Served(usize, &'b [VariantId], Want),
}

/// A rule's condition; none where it is for everyone.
#[derive(Debug)]
pub(super) struct LoweredRule<'b> {
    pub(super) rule: &'b Rule,
    pub(super) condition: Option<Node<'b>>,
    /// It matches and its gate admits the unit.
    pub(super) applies: Literal,
}

#[derive(Debug)]
pub(super) struct LoweredFlag<'b> {
    pub(super) side: Side,
    pub(super) flag: &'b bundle::Flag,
    pub(super) prerequisites: Vec<Node<'b>>,
    pub(super) rules: Vec<LoweredRule<'b>>,
    /// For each variant, that it would be served were the flag neither killed nor disabled.
    pub(super) enabled: Vec<Literal>,
    /// For each variant, that it is served.
    pub(super) outcomes: Vec<Literal>,
    /// Whether its decision never depends on a bucket.
    pub(super) plain: bool,
    pub(super) unit: Unit,
    pub(super) gate: Option<usize>,
    pub(super) split: Option<usize>,
}

/// What a flag buckets by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unit {
    /// The context has a unit.
    pub(super) there: Literal,
    /// The unit is one that a condition names.
    pub(super) named: Literal,
    /// The attribute's domain, where it is one that units can be of.
    pub(super) domain: Option<usize>,
}

/// One hash of units, as a number that lies below some ends.
pub(super) struct Dimension {
    pub(super) hash: Hash,
    pub(super) domain: usize,
    pub(super) below: BTreeMap<Bucket, Literal>,
}

pub(super) struct Lowering<'b> {
    pub(super) bundles: Vec<(Side, &'b Bundle)>,
    pub(super) solver: Solver,
    pub(super) domains: Vec<Domain>,
    pub(super) dimensions: Vec<Dimension>,
    pub(super) flags: Vec<LoweredFlag<'b>>,
    domain_of: BTreeMap<AttributeKey, usize>,
    dimension_of: BTreeMap<HashKey, usize>,
    flag_of: BTreeMap<(Side, FlagId), usize>,
}

impl<'b> Lowering<'b> {
    pub(super) fn new(bundles: Vec<(Side, &'b Bundle)>, vocabulary: Vocabulary<'b>, budget: &Budget) -> Self {
        let mut solver = Solver::new(budget.conflicts);
        let mut present: BTreeMap<&str, Literal> = BTreeMap::new();
        let mut hashes = Vec::new();
        for (key, hash) in &vocabulary.hashes {
            let mut below = BTreeMap::new();
            let mut before = !solver.truth();
            for end in &hash.ends {
                let literal = solver.fresh();
                solver.assert([!before, literal]);
                below.insert(*end, literal);
                before = literal;
            }
            hashes.push((key, hash, below));
        }
        let (mut domains, mut domain_of): (Vec<Domain>, _) = (Vec::new(), BTreeMap::new());
        for (key, asked) in &vocabulary.attributes {
            let present = *present.entry(&key.0).or_insert_with(|| solver.fresh());
            domain_of.insert(key.clone(), domains.len());
            domains.push(Domain::new(&mut solver, key, asked, &hashes, present));
        }
        for (at, one) in domains.iter().enumerate() {
            for other in domains.iter().skip(at + 1).filter(|other| other.name == one.name && !one.overlaps(other)) {
                solver.assert([!one.typed, !other.typed]);
            }
        }
        let below: Vec<_> = hashes.into_iter().map(|(_, _, below)| below).collect();
        let (mut dimensions, mut dimension_of) = (Vec::new(), BTreeMap::new());
        for ((key, hash), below) in vocabulary.hashes.into_iter().zip(below) {
            let Some(domain) = domain_of.get(&hash.unit).copied() else { continue };
            dimension_of.insert(key, dimensions.len());
            dimensions.push(Dimension { hash, domain, below });
        }
        let flag_of = BTreeMap::new();
        Self { bundles, solver, domains, dimensions, flags: Vec::new(), domain_of, dimension_of, flag_of }
    }

    pub(super) fn bundle(&self, side: Side) -> Option<&'b Bundle> {
        self.bundles.iter().find(|(other, _)| *other == side).map(|(_, bundle)| *bundle)
    }

    pub(super) fn false_literal(&self) -> Literal {
        !self.solver.truth()
    }

    pub(super) fn condition(
        &mut self,
        side: Side,
        bundle: &'b Bundle,
        condition: &'b Condition,
        want: Want,
    ) -> Node<'b> {
        let node = |literal, kind| Node { literal, side, condition, want, kind };
        match condition {
            Condition::All(inner) => self.several(side, bundle, (condition, inner), want, want == Want::True),
            Condition::Any(inner) => self.several(side, bundle, (condition, inner), want, want == Want::False),
            Condition::Not(inner) => {
                let inner = self.condition(side, bundle, inner, want.other());
                Node { condition, want, ..inner }
            }
            Condition::Segment(id) => {
                let inner = self.condition(side, bundle, &bundle.segment_at(*id).condition, want);
                Node { condition, ..inner }
            }
            Condition::Flag { key, variants } => {
                let at = self.flag(side, bundle, *key);
                let Some(flag) = self.flags.get(at) else { return node(self.false_literal(), NodeKind::Plain) };
                let plain = flag.plain;
                let served: Vec<_> =
                    variants.iter().filter_map(|id| flag.outcomes.get(usize::from(id.0)).copied()).collect();
                let served = self.solver.any(served);
                let literal = if want == Want::True { served } else { !served };
                node(literal, if plain { NodeKind::Plain } else { NodeKind::Served(at, variants, want) })
            }
            Condition::Test(test) => node(self.test(bundle, test, want), NodeKind::Plain),
        }
    }

    fn several(
        &mut self,
        side: Side,
        bundle: &'b Bundle,
        (condition, inner): (&'b Condition, &'b [Condition]),
        want: Want,
        conjunction: bool,
    ) -> Node<'b> {
        let nodes: Vec<_> = inner.iter().map(|inner| self.condition(side, bundle, inner, want)).collect();
        let literals: Vec<_> = nodes.iter().map(|node| node.literal).collect();
        let literal = if conjunction { self.solver.all(literals) } else { self.solver.any(literals) };
        let plain = nodes.iter().all(|node| matches!(node.kind, NodeKind::Plain));
        let kind = match (plain, conjunction) {
            (true, _) => NodeKind::Plain,
            (false, true) => NodeKind::All(nodes),
            (false, false) => NodeKind::Any(nodes),
        };
        Node { literal, side, condition, want, kind }
    }

    fn test(&mut self, bundle: &Bundle, test: &Test, want: Want) -> Literal {
        let never = self.false_literal();
        let Some(attribute) = bundle.attributes.get(test.attribute) else { return never };
        let at = self.domain_of.get(&attribute_key(attribute));
        let Some(domain) = at.and_then(|at| self.domains.get(*at)) else { return never };
        let positive = (test.sign == Polarity::Is) == (want == Want::True);
        if matches!(test.predicate, Predicate::Exists) {
            return domain.present.apply_sign(positive);
        }
        let Some(holds) = domain.test(&mut self.solver, &test.predicate) else { return never };
        let usable = domain.usable(&mut self.solver, attribute.allowed.as_deref());
        self.solver.all([usable, holds.apply_sign(positive)])
    }

    /// The place of the flag in [`Self::flags`], with all that it refers to before it.
    pub(super) fn flag(&mut self, side: Side, bundle: &'b Bundle, id: FlagId) -> usize {
        if let Some(known) = self.flag_of.get(&(side, id)) {
            return *known;
        }
        let flag = bundle.flag_at(id);
        let prerequisites: Vec<_> =
            flag.prerequisites.iter().map(|one| self.condition(side, bundle, one, Want::True)).collect();
        let unit = self.unit(bundle, flag);
        let dimension = |lowering: &Self, domain| {
            let key = hash_key(bundle, flag, domain)?;
            lowering.dimension_of.get(&key).copied()
        };
        let gate = dimension(self, bundle::HashDomain::Rollout);
        let split = dimension(self, bundle::HashDomain::Split);
        let mut rules = Vec::with_capacity(flag.rules.len());
        for rule in &flag.rules {
            let condition = rule.condition.as_ref().map(|one| self.condition(side, bundle, one, Want::True));
            let matches = condition.as_ref().map_or(self.solver.truth(), |node| node.literal);
            let admits = match rule.rollout {
                Percent::ALL => self.solver.truth(),
                share => self.below(unit, gate, share.buckets()),
            };
            let applies = self.solver.all([matches, admits]);
            rules.push(LoweredRule { rule, condition, applies });
        }
        let hashless = |rule: &LoweredRule<'_>| {
            matches!(rule.rule.rollout, Percent::ZERO | Percent::ALL) && matches!(rule.rule.serve, Serve::Variant(_))
        };
        let plain_node = |node: &Node<'_>| matches!(node.kind, NodeKind::Plain);
        let plain = flag.state != State::Enabled
            || prerequisites.iter().all(plain_node)
                && rules.iter().all(|rule| hashless(rule) && rule.condition.as_ref().is_none_or(plain_node));
        let enabled = self.outcomes(flag, &prerequisites, &rules, unit, split);
        let fixed = |id| if VariantId(id) == flag.off { self.solver.truth() } else { self.false_literal() };
        let outcomes = match flag.state {
            State::Enabled => enabled.clone(),
            _ => (0u16..).map(fixed).take(flag.variants.len()).collect(),
        };
        let at = self.flags.len();
        self.flags.push(LoweredFlag { side, flag, prerequisites, rules, enabled, outcomes, plain, unit, gate, split });
        self.flag_of.insert((side, id), at);
        at
    }

    fn outcomes(
        &mut self,
        flag: &bundle::Flag,
        prerequisites: &[Node<'_>],
        rules: &[LoweredRule<'_>],
        unit: Unit,
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
                    drawn.iter().zip(without).map(|(drawn, off)| self.solver.choice(unit.there, *drawn, off)).collect()
                }
            };
            let pairs = serves.into_iter().zip(served);
            served = pairs.map(|(then, otherwise)| self.solver.choice(rule.applies, then, otherwise)).collect();
        }
        let met = self.solver.all(prerequisites.iter().map(|node| node.literal).collect::<Vec<_>>());
        let pairs = served.into_iter().zip(only(flag.off));
        pairs.map(|(then, otherwise)| self.solver.choice(met, then, otherwise)).collect()
    }

    /// The unit's bucket in the split is one of the variant's.
    fn drawn(&mut self, unit: Unit, split: Option<usize>, serve: &Serve, id: VariantId) -> Literal {
        let mut inside = Vec::new();
        for (range, _) in serve.ranges().filter(|(range, variant)| *variant == id && !range.is_empty()) {
            let (from, to) = (self.below(unit, split, range.start), self.below(unit, split, range.end));
            inside.push(self.solver.all([!from, to]));
        }
        self.solver.any(inside)
    }

    /// There is a unit and its bucket lies below the end.
    fn below(&mut self, unit: Unit, dimension: Option<usize>, end: Bucket) -> Literal {
        match end {
            0 => self.false_literal(),
            BUCKETS.. => unit.there,
            _ => {
                let literal = dimension.and_then(|at| self.dimensions.get(at)?.below.get(&end)).copied();
                let literal = literal.unwrap_or(self.false_literal());
                self.solver.all([unit.there, literal])
            }
        }
    }

    pub(super) fn unit(&mut self, bundle: &Bundle, flag: &bundle::Flag) -> Unit {
        let never = self.false_literal();
        let nobody = Unit { there: never, named: never, domain: None };
        let Some(attribute) = bundle.attributes.get(flag.unit) else { return nobody };
        let Some(at) = self.domain_of.get(&attribute_key(attribute)).copied() else { return nobody };
        let Some(domain) = self.domains.get(at) else { return nobody };
        let Form::Text(text) = &domain.form else { return nobody };
        let empty = text.empty(&mut self.solver);
        let usable = domain.usable(&mut self.solver, attribute.allowed.as_deref());
        let there = self.solver.all([usable, !empty]);
        let named: Vec<_> = text.classes.iter().map(|class| class.holds).filter(|holds| *holds != empty).collect();
        let named = self.solver.any(named);
        Unit { there, named, domain: Some(at) }
    }
}
