//! Describes a region with as few terms as possible.
//!
//! A region is found as a list of queries with their answers. Most answers follow from the others: a context with
//! `country is DE` also satisfies `not (country is FR)`. The solver tells which ones can be left out.

use std::collections::{BTreeMap, BTreeSet};

use crate::analyze::encoding::domain::DomainEncoding;
use crate::analyze::encoding::encoded::WantedTruth;
use crate::analyze::error::AnalysisError;
use crate::analyze::results::term::{Term, TermSubject, TermTest};
use crate::analyze::search::bucket_partition::Query;
use crate::analyze::search::context_search::Search;
use crate::analyze::search::solver::Literal;
use crate::bundle::Condition;

/// That the units are of these classes, for each attribute that has some.
fn one_of(search: &mut Search<'_>, classes: &BTreeSet<(usize, usize)>) -> Vec<Literal> {
    let mut literals: BTreeMap<usize, Vec<Literal>> = BTreeMap::new();
    for (domain, class) in classes {
        if let Some(DomainEncoding::Text(text)) = search.encoder.domains.get(*domain).map(|domain| &domain.encoding) {
            literals.entry(*domain).or_default().extend(text.classes.get(*class).map(|class| class.holds));
        }
    }
    literals.into_values().map(|any| search.encoder.solver.any(any)).collect()
}

/// Which of the questions are needed to tell the region, as far as the work allows: the others say nothing wrong.
pub(crate) fn simplify(
    search: &mut Search<'_>,
    queries: &[Query<'_>],
    signs: &[bool],
    classes: &BTreeSet<(usize, usize)>,
) -> Result<Vec<bool>, AnalysisError> {
    let units = one_of(search, classes);
    let literals: Vec<Literal> =
        queries.iter().zip(signs).map(|(query, sign)| query.literal.apply_sign(*sign)).collect();
    let mut kept = vec![true; literals.len()];
    // For one region before it was too much.
    if search.budget.automaton_states == 0 {
        return Ok(kept);
    }
    // What is about units is left out first, then what does not hold, the last first.
    let mut order: Vec<usize> = (0..literals.len()).rev().collect();
    order.sort_by_key(|at| {
        let holds = signs.get(*at).copied().unwrap_or(false);
        let rank = queries.get(*at).map(|query| match query.subject {
            TermSubject::Named { .. } => 0,
            TermSubject::Unit { .. } => 1,
            _ if !holds => 2,
            _ => 3,
        });
        rank.unwrap_or(3)
    });
    for at in order {
        if queries.get(at).is_none_or(|query| query.class.is_some()) {
            continue;
        }
        let others = literals.iter().zip(&kept).enumerate().filter(|(other, (_, kept))| **kept && *other != at);
        let others = others.filter(|(other, _)| queries.get(*other).is_some_and(|query| query.class.is_none()));
        let mut assumed: Vec<Literal> = others.map(|(_, (literal, _))| *literal).chain(units.iter().copied()).collect();
        assumed.extend(literals.get(at).map(|literal| !*literal));
        let superfluous = match search.is_unsatisfiable(&assumed) {
            Err(AnalysisError::Exhausted) => {
                search.budget.automaton_states = 0;
                return Ok(kept);
            }
            answer => answer?,
        };
        if superfluous && let Some(kept) = kept.get_mut(at) {
            *kept = false;
        }
    }
    Ok(kept)
}

pub(crate) fn term(search: &Search<'_>, query: &Query<'_>, holds: bool) -> Term {
    let (words, test) = match (&query.condition, &query.subject) {
        (Some((condition, want)), _) => {
            let condition = match want {
                WantedTruth::True => (*condition).clone(),
                WantedTruth::False => Condition::Not(Box::new((*condition).clone())),
            };
            let bundle = search.encoder.bundle(query.side);
            (bundle.map(|bundle| bundle.describe(&condition)).unwrap_or_default(), TermTest::Holds(condition))
        }
        (None, TermSubject::Named { attribute }) => {
            let named = named(search, attribute);
            (format!("{attribute} is named by a condition"), TermTest::IsOneOf(attribute.clone(), named))
        }
        (None, TermSubject::Unit { attribute }) => {
            (format!("{attribute} is there"), TermTest::HasUnit(attribute.clone()))
        }
        (None, _) => (String::new(), TermTest::Holds(Condition::All(Box::default()))),
    };
    Term { holds, side: query.side, subject: query.subject.clone(), words, test }
}

fn named(search: &Search<'_>, attribute: &str) -> BTreeSet<String> {
    let texts = search.encoder.domains.iter().filter(|domain| domain.name == attribute);
    let classes = texts.filter_map(|domain| match &domain.encoding {
        DomainEncoding::Text(text) => Some(&text.classes),
        _ => None,
    });
    classes.flatten().flat_map(|class| class.members.iter().cloned()).collect()
}
