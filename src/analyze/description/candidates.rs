//! Collects the statements that the description of a region can consist of.
//!
//! The input is the facts of a region. The output is a list of candidates, each with its literal, its formula and its
//! cost. A candidate is a fact itself, or a part of its condition: an operand of `all` and `any`, the condition of a
//! segment, or the statement that an attribute has no value.

use std::collections::{BTreeMap, BTreeSet};

use crate::analyze::description::facts::Facts;
use crate::analyze::encoding::domain::DomainEncoding;
use crate::analyze::encoding::encoded::{ConditionShape, WantedTruth};
use crate::analyze::results::formula::Formula;
use crate::analyze::results::term::{Term, TermTest};
use crate::analyze::search::bucket_partition::{QueriedFact, Query};
use crate::analyze::search::context_search::Search;
use crate::analyze::search::solver::Literal;
use crate::analyze::side::Side;
use crate::bundle::{AttributeId, Bundle, Condition, NOW, Polarity, Predicate, Test};

/// The maximum number of conditions whose parts become candidates.
const MAX_CONDITIONS: usize = 100;

/// A statement about contexts that a description can contain.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    /// True exactly for the contexts for which the formula is true.
    pub(super) literal: Literal,
    pub(super) formula: Formula,
    pub(super) cost: u32,
}

/// A test of a definition, in the bundle of its side.
#[derive(Clone, Copy)]
pub(super) struct SidedTest<'b> {
    pub(super) side: Side,
    pub(super) bundle: &'b Bundle,
    pub(super) test: &'b Test,
}

/// The candidates that are found so far. Each has a different literal.
#[derive(Default)]
pub(super) struct Candidates<'b> {
    found: Vec<Candidate>,
    index: BTreeMap<Literal, usize>,
    visited: BTreeSet<(Side, *const Condition)>,
    tests: Vec<SidedTest<'b>>,
}

impl<'b> Candidates<'b> {
    /// Returns the facts of a region and their parts, each together with its negation.
    pub(super) fn new(search: &mut Search<'b>, facts: &Facts<'_, 'b>) -> Self {
        let mut candidates = Self::default();
        for query in facts.queries {
            if let Some(formula) = formula_of_query(search, query) {
                candidates.add(search, query.literal, formula);
            }
        }
        for query in facts.queries {
            if let (QueriedFact::Condition(condition, _), Some(bundle)) =
                (&query.fact, search.encoder.bundle(query.side))
            {
                candidates.add_parts(search, (query.side, bundle), condition);
            }
        }
        candidates
    }

    /// Returns the candidates.
    pub(super) fn found(&self) -> &[Candidate] {
        &self.found
    }

    /// Adds a statement and its negation, unless it is true or false for every context. If there is a statement with the
    /// same literal, the cheaper one is kept.
    pub(super) fn add(&mut self, search: &Search<'_>, literal: Literal, formula: Formula) {
        if literal.var() == search.encoder.solver.truth().var() {
            return;
        }
        let negated = formula.clone().negated();
        for (literal, formula) in [(literal, formula), (!literal, negated)] {
            let candidate = Candidate { literal, cost: cost(&formula), formula };
            match self.index.get(&literal).and_then(|index| self.found.get_mut(*index)) {
                Some(known) if known.cost <= candidate.cost => {}
                Some(known) => *known = candidate,
                None => {
                    self.index.insert(literal, self.found.len());
                    self.found.push(candidate);
                }
            }
        }
    }

    /// Returns the tests of the conditions.
    pub(super) fn tests(&self) -> &[SidedTest<'b>] {
        &self.tests
    }

    /// Adds a condition and all its parts.
    fn add_parts(&mut self, search: &mut Search<'b>, (side, bundle): (Side, &'b Bundle), condition: &'b Condition) {
        let mut open = vec![condition];
        while let Some(condition) = open.pop() {
            if self.visited.len() >= MAX_CONDITIONS || !self.visited.insert((side, std::ptr::from_ref(condition))) {
                continue;
            }
            for want in [WantedTruth::True, WantedTruth::False] {
                let encoded = search.encoder.condition(side, bundle, condition, want);
                if matches!(encoded.shape, ConditionShape::BucketFree) {
                    self.add(search, encoded.literal, formula((side, bundle), condition, want));
                }
            }
            match condition {
                Condition::All(parts) | Condition::Any(parts) => open.extend(parts.iter().rev()),
                Condition::Not(inner) => open.push(inner),
                Condition::Segment(id) => open.push(&bundle.segment_at(*id).condition),
                Condition::Flag { .. } => {}
                Condition::Test(test) => {
                    self.add_missing(search, (side, bundle), test.attribute);
                    self.tests.push(SidedTest { side, bundle, test });
                }
            }
        }
    }

    /// Adds the statement that the attribute has a value of its type.
    fn add_missing(&mut self, search: &mut Search<'b>, (side, bundle): (Side, &Bundle), attribute: AttributeId) {
        let Some(attribute) = bundle.attributes.get(attribute).filter(|attribute| *attribute.name != *NOW) else {
            return;
        };
        if let Some(usable) = search.encoder.usable(attribute) {
            let has_value = TermTest::HasValue(attribute.name.to_string());
            self.add(search, usable, Formula::Term(Term::of_context(side, has_value, true)));
        }
    }
}

/// Returns the formula that means the literal of a query, or `None` for a query about a class of named units, because
/// the region names these units.
pub(super) fn formula_of_query(search: &Search<'_>, query: &Query<'_>) -> Option<Formula> {
    let of_context = |test| Some(Formula::Term(Term::of_context(query.side, test, true)));
    match &query.fact {
        QueriedFact::Condition(condition, want) => {
            let bundle = search.encoder.bundle(query.side)?;
            Some(formula((query.side, bundle), condition, *want))
        }
        QueriedFact::HasUnit(attribute) => of_context(TermTest::HasUnit(attribute.clone())),
        QueriedFact::IsNamed(attribute) => {
            of_context(TermTest::IsOneOf(attribute.clone(), named_units(search, attribute)))
        }
        QueriedFact::InClass(..) => None,
    }
}

/// Returns the formula that is true for the contexts for which the condition has the wanted truth value.
pub(super) fn formula(sided: (Side, &Bundle), condition: &Condition, want: WantedTruth) -> Formula {
    let of_parts = |parts: &[Condition]| parts.iter().map(|part| formula(sided, part, want)).collect::<Vec<Formula>>();
    let term = |condition| Formula::Term(Term::of_condition(sided, condition, true));
    match (condition, want) {
        (Condition::Not(inner), _) => formula(sided, inner, want.negated()),
        (Condition::All(parts), WantedTruth::True) | (Condition::Any(parts), WantedTruth::False) => {
            Formula::all(of_parts(parts))
        }
        (Condition::Any(parts), WantedTruth::True) | (Condition::All(parts), WantedTruth::False) => {
            Formula::any(of_parts(parts))
        }
        (Condition::Test(test), WantedTruth::False) => match opposite(test) {
            Some(opposite) => term(Condition::Test(opposite)),
            None => term(Condition::Not(Box::new(condition.clone()))),
        },
        (Condition::Segment(_) | Condition::Flag { .. }, WantedTruth::False) => {
            term(Condition::Not(Box::new(condition.clone())))
        }
        (Condition::Segment(_) | Condition::Flag { .. } | Condition::Test(_), WantedTruth::True) => {
            term(condition.clone())
        }
    }
}

/// Returns the test that is true where the test is false, if an operator says this.
fn opposite(test: &Test) -> Option<Test> {
    let sign = match test.sign {
        Polarity::Is => Polarity::IsNot,
        Polarity::IsNot => Polarity::Is,
    };
    match &test.predicate {
        Predicate::Compare(comparison, bound) => {
            Some(Test { predicate: Predicate::Compare(comparison.opposite(), bound.clone()), ..test.clone() })
        }
        predicate if predicate.compares_with_list() || matches!(predicate, Predicate::Exists) => {
            Some(Test { sign, ..test.clone() })
        }
        Predicate::Exists
        | Predicate::OneOf(_)
        | Predicate::StartsWith(_)
        | Predicate::EndsWith(_)
        | Predicate::Contains(_)
        | Predicate::Matches(_)
        | Predicate::Folded(_)
        | Predicate::Has(..) => None,
    }
}

/// Returns all values of the attribute that conditions name.
fn named_units(search: &Search<'_>, attribute: &str) -> BTreeSet<String> {
    let texts = search.encoder.domains.iter().filter(|domain| domain.name == attribute);
    let classes = texts.filter_map(|domain| match &domain.encoding {
        DomainEncoding::Text(text) => Some(&text.classes),
        DomainEncoding::Boolean(_)
        | DomainEncoding::Ordered(_)
        | DomainEncoding::TextList(_)
        | DomainEncoding::NumberList(_) => None,
    });
    classes.flatten().flat_map(|class| class.members.iter().cloned()).collect()
}

/// Returns the cost of a formula. One term more is always more expensive than any other words for the same number of
/// terms, as long as there are few terms.
pub(super) fn cost(formula: &Formula) -> u32 {
    formula.terms().into_iter().map(|term| 100 + hindrance(term)).sum()
}

/// Returns how hard a term is to read, from 0 to 40. Long words are hard, and a segment that the reader must look up is
/// harder than a short test.
fn hindrance(term: &Term) -> u32 {
    let length = u32::try_from(term.summary.chars().count() / 8).unwrap_or(u32::MAX).min(25);
    let kind = match (&term.test, term.holds) {
        (TermTest::Holds(Condition::Test(_)), true) => 0,
        (TermTest::Holds(Condition::Test(test)), false) if test.sign == Polarity::Is => 4,
        (TermTest::Holds(Condition::Segment(_) | Condition::Flag { .. }), true) => 3,
        (TermTest::Holds(Condition::Segment(_) | Condition::Flag { .. }), false) => 6,
        (TermTest::Holds(Condition::Not(_)), true) => 8,
        (TermTest::Holds(_), _) => 15,
        (TermTest::HasValue(_), false) => 4,
        (TermTest::HasUnit(_), _) => 6,
        (TermTest::HasValue(_), true) => 10,
        (TermTest::IsOneOf(..), _) => 15,
    };
    kind + length
}

/// Returns how much less a formula says about contexts than a similar one. A condition is not true if its attribute is
/// missing, or if it is false: both statements cover less than the statement that it is not true.
pub(super) fn narrowness(formula: &Formula) -> u32 {
    let of_term = |term: &Term| match &term.test {
        TermTest::HasValue(_) => 40,
        TermTest::Holds(Condition::Not(_)) => 15,
        TermTest::Holds(Condition::Test(test)) if test.sign == Polarity::IsNot => 15,
        TermTest::Holds(_) | TermTest::HasUnit(_) | TermTest::IsOneOf(..) => 0,
    };
    formula.terms().into_iter().map(of_term).sum()
}
