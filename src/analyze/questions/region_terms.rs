//! Describes a region with as few terms as possible.
//!
//! A region is found as a list of queries with their answers. Most answers follow from other answers: a context with
//! `country is DE` also satisfies `not (country is FR)`. The solver determines which answers are redundant.

use std::collections::{BTreeMap, BTreeSet};

use crate::analyze::encoding::domain::DomainEncoding;
use crate::analyze::encoding::encoded::{EncodedUnit, WantedTruth};
use crate::analyze::error::AnalysisError;
use crate::analyze::results::term::{Term, TermSubject, TermTest};
use crate::analyze::search::bucket_partition::Query;
use crate::analyze::search::context_search::Search;
use crate::analyze::search::solver::Literal;
use crate::bundle::Condition;

/// Returns, for each attribute with named units, a literal that is true if the unit belongs to one of the classes.
fn unit_is_in_classes(search: &mut Search<'_>, classes: &BTreeSet<(usize, usize)>) -> Vec<Literal> {
    let mut literals: BTreeMap<usize, Vec<Literal>> = BTreeMap::new();
    for (domain, class) in classes {
        if let Some(DomainEncoding::Text(text)) = search.encoder.domains.get(*domain).map(|domain| &domain.encoding) {
            literals.entry(*domain).or_default().extend(text.classes.get(*class).map(|class| class.holds));
        }
    }
    literals.into_values().map(|any| search.encoder.solver.any(any)).collect()
}

/// Returns whether conditions name the units of every context of the region, all of them for one of these versions of
/// the flag. For a version, the slice has the units that its rules hash.
///
/// If the budget runs out, the result is false, because a limit for shares then counts the region.
pub(crate) fn has_only_named_units(
    search: &mut Search<'_>,
    queries: &[Query<'_>],
    signs: &[bool],
    classes: &BTreeSet<(usize, usize)>,
    versions: &[Vec<EncodedUnit>],
) -> Result<bool, AnalysisError> {
    let mut region = unit_is_in_classes(search, classes);
    let terms = queries.iter().zip(signs).filter(|(query, _)| query.class.is_none());
    region.extend(terms.map(|(query, sign)| query.literal.apply_sign(*sign)));
    for units in versions {
        let named = search.encoder.solver.all(units.iter().map(|unit| unit.named).collect::<Vec<_>>());
        let unnamed: Vec<Literal> = region.iter().copied().chain([!named]).collect();
        match search.is_unsatisfiable(&unnamed) {
            Ok(true) => return Ok(true),
            Ok(false) | Err(AnalysisError::Exhausted(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// Returns for each query whether the region's description needs it.
///
/// If the budget runs out, the remaining queries are kept: the description is then longer than necessary, but correct.
pub(crate) fn simplify(
    search: &mut Search<'_>,
    queries: &[Query<'_>],
    signs: &[bool],
    classes: &BTreeSet<(usize, usize)>,
) -> Result<Vec<bool>, AnalysisError> {
    let units = unit_is_in_classes(search, classes);
    let literals: Vec<Literal> =
        queries.iter().zip(signs).map(|(query, sign)| query.literal.apply_sign(*sign)).collect();
    let mut kept = vec![true; literals.len()];
    // The budget ran out for an earlier region.
    if search.budget.automaton_states == 0 {
        return Ok(kept);
    }
    // Tries to remove queries about units first, then queries that are not true. Later queries come before earlier
    // ones.
    let mut order: Vec<usize> = (0..literals.len()).rev().collect();
    order.sort_by_key(|index| {
        let holds = signs.get(*index).copied().unwrap_or(false);
        let rank = queries.get(*index).map(|query| match query.subject {
            TermSubject::Named { .. } => 0,
            TermSubject::Unit { .. } => 1,
            TermSubject::Rule { .. } | TermSubject::Prerequisite { .. } | TermSubject::Condition => {
                if holds {
                    3
                } else {
                    2
                }
            }
        });
        rank.unwrap_or(3)
    });
    for index in order {
        if queries.get(index).is_none_or(|query| query.class.is_some()) {
            continue;
        }
        let others =
            literals.iter().zip(&kept).enumerate().filter(|(other_index, (_, kept))| **kept && *other_index != index);
        let others =
            others.filter(|(other_index, _)| queries.get(*other_index).is_some_and(|query| query.class.is_none()));
        let mut assumed: Vec<Literal> = others.map(|(_, (literal, _))| *literal).chain(units.iter().copied()).collect();
        assumed.extend(literals.get(index).map(|literal| !*literal));
        let follows_from_others = match search.is_unsatisfiable(&assumed) {
            Err(AnalysisError::Exhausted(_)) => {
                search.budget.automaton_states = 0;
                return Ok(kept);
            }
            answer => answer?,
        };
        if follows_from_others && let Some(kept) = kept.get_mut(index) {
            *kept = false;
        }
    }
    Ok(kept)
}

/// Describes a query with its answer as a term.
pub(crate) fn term(search: &Search<'_>, query: &Query<'_>, holds: bool) -> Term {
    let plain = |words: String, test| (words.clone(), words, test);
    let (words, summary, test) = match (&query.condition, &query.subject) {
        (Some((condition, want)), _) => {
            let condition = match want {
                WantedTruth::True => (*condition).clone(),
                WantedTruth::False => Condition::Not(Box::new((*condition).clone())),
            };
            let bundle = search.encoder.bundle(query.side);
            let words = bundle.map(|bundle| bundle.describe(&condition)).unwrap_or_default();
            let summary = bundle.map(|bundle| bundle.summarize(&condition)).unwrap_or_default();
            (words, summary, TermTest::Holds(condition))
        }
        (None, TermSubject::Named { attribute }) => {
            let named = named(search, attribute);
            plain(format!("{attribute} is named by a condition"), TermTest::IsOneOf(attribute.clone(), named))
        }
        (None, TermSubject::Unit { attribute }) => {
            plain(format!("{attribute} is there"), TermTest::HasUnit(attribute.clone()))
        }
        (None, _) => plain(String::new(), TermTest::Holds(Condition::All(Box::default()))),
    };
    Term { holds, side: query.side, subject: query.subject.clone(), words, summary, test }
}

/// Returns all values of the attribute that conditions name.
fn named(search: &Search<'_>, attribute: &str) -> BTreeSet<String> {
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
