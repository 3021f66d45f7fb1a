//! Adds statements about lists that no definition contains, but that describe a difference of definitions in one term.
//!
//! If a change adds `GB` to the list of a condition, the value is in the new list and not in the old one. One statement
//! says both: `country eq "GB"`. There are two sources of such lists:
//!
//! - the differences, intersections and unions of two lists that are compared with the same attribute;
//! - the values of a text attribute that occur in the region, or that do not occur in it.

use std::collections::BTreeMap;

use crate::analyze::description::candidates::{Candidates, SidedTest, formula};
use crate::analyze::description::operand_sets::{SetOperation, combined};
use crate::analyze::description::questions::{ask, is_impossible};
use crate::analyze::encoding::domain::DomainEncoding;
use crate::analyze::encoding::encoded::WantedTruth;
use crate::analyze::error::AnalysisError;
use crate::analyze::search::context_search::{Search, SearchResult};
use crate::analyze::search::solver::Literal;
use crate::bundle::{Attribute, Condition, Operands, Polarity, Predicate, Test};

/// The maximum number of lists of one attribute that are combined with each other.
const MAX_LISTS: usize = 6;
/// The maximum number of classes of texts that are looked for in the region.
const MAX_CLASSES: usize = 64;

/// Adds the statements about lists. `region` is true exactly in the region.
///
/// # Errors
/// Returns an [`AnalysisError`] if the budget of the search is exceeded.
pub(super) fn add<'b>(
    search: &mut Search<'b>,
    candidates: &mut Candidates<'b>,
    assumptions: &[Literal],
    region: Literal,
) -> Result<(), AnalysisError> {
    let mut lists: Vec<(&Attribute, Vec<SidedTest<'b>>)> = Vec::new();
    for sided in candidates.tests().iter().filter(|sided| has_list(&sided.test.predicate)) {
        let Some(attribute) = sided.bundle.attributes.get(sided.test.attribute) else { continue };
        match lists.iter_mut().find(|(other, _)| *other == attribute) {
            Some((_, lists)) => lists.push(*sided),
            None => lists.push((attribute, vec![*sided])),
        }
    }
    for (attribute, lists) in lists {
        let last = lists.get(lists.len().saturating_sub(MAX_LISTS)..).unwrap_or_default();
        for (index, left) in last.iter().enumerate() {
            for right in last.iter().skip(index + 1) {
                add_combined(search, candidates, attribute, [*left, *right]);
            }
        }
        if let Some(any) = lists.first() {
            add_values(search, candidates, attribute, *any, assumptions, region)?;
        }
    }
    Ok(())
}

/// Returns whether the predicate compares complete values, or the elements of a list, with a list.
fn has_list(predicate: &Predicate) -> bool {
    predicate.compares_with_list() || matches!(predicate, Predicate::Has(..))
}

/// Adds the statements about the lists that are made from two lists.
fn add_combined<'b>(
    search: &mut Search<'b>,
    candidates: &mut Candidates<'b>,
    attribute: &Attribute,
    [left, right]: [SidedTest<'b>; 2],
) {
    use SetOperation::{Common, Joined, Without, WithoutReversed};
    let positive = |sided: SidedTest<'b>| Test { sign: Polarity::Is, ..sided.test.clone() };
    let tests = [left, right].map(positive);
    let [Some(in_left), Some(in_right)] =
        [(left, &tests[0]), (right, &tests[1])].map(|(sided, test)| known(search, sided, test))
    else {
        return;
    };
    let Some(usable) = search.encoder.usable(attribute) else { return };
    for operation in [Without, WithoutReversed, Common, Joined] {
        let Some(predicate) = combined(&tests[0].predicate, &tests[1].predicate, operation) else { continue };
        let is_folded = matches!(predicate, Predicate::Folded(_));
        let test = Test { predicate, ..tests[0].clone() };
        // The patterns of the question do not have the new list. It has exactly the texts that the operation says.
        let holds = match (is_folded, operation) {
            (false, _) => known(search, left, &test),
            (true, Without) => Some(search.encoder.solver.all([in_left, !in_right])),
            (true, WithoutReversed) => Some(search.encoder.solver.all([in_right, !in_left])),
            (true, Common) => Some(search.encoder.solver.all([in_left, in_right])),
            (true, Joined) => Some(search.encoder.solver.any([in_left, in_right])),
        };
        if let Some(holds) = holds {
            add_test(search, candidates, left, (test, holds), usable);
        }
    }
}

/// Returns the literal that is true if the test is true, or `None` if nothing reads the attribute.
fn known(search: &mut Search<'_>, sided: SidedTest<'_>, test: &Test) -> Option<Literal> {
    let literal = search.encoder.test(sided.bundle, test, WantedTruth::True);
    (literal.var() != search.encoder.solver.truth().var()).then_some(literal)
}

/// Adds the statements that a test is true, and that it is false. `holds` is true if the test is true.
fn add_test<'b>(
    search: &mut Search<'b>,
    candidates: &mut Candidates<'b>,
    sided: SidedTest<'b>,
    (test, holds): (Test, Literal),
    usable: Literal,
) {
    let fails = search.encoder.solver.all([usable, !holds]);
    let condition = Condition::Test(test);
    for (literal, want) in [(holds, WantedTruth::True), (fails, WantedTruth::False)] {
        candidates.add(search, literal, formula((sided.side, sided.bundle), &condition, want));
    }
}

/// Adds the statement that a text attribute has one of the values that occur in the region. If other values occur, adds the
/// statement that the attribute has none of the constants that do not occur.
fn add_values<'b>(
    search: &mut Search<'b>,
    candidates: &mut Candidates<'b>,
    attribute: &Attribute,
    sided: SidedTest<'b>,
    assumptions: &[Literal],
    region: Literal,
) -> Result<(), AnalysisError> {
    let Some(usable) = search.encoder.usable(attribute) else { return Ok(()) };
    let Some(DomainEncoding::Text(domain)) = search.encoder.domain(attribute).map(|domain| &domain.encoding) else {
        return Ok(());
    };
    if domain.classes.len() > MAX_CLASSES {
        return Ok(());
    }
    let mut absent: BTreeMap<Literal, Vec<String>> =
        domain.classes.iter().map(|class| (class.holds, class.members.clone())).collect();
    let none: Vec<Literal> = absent.keys().map(|holds| !*holds).collect();
    let assumed = |more: Vec<Literal>| -> Vec<Literal> {
        assumptions.iter().copied().chain([region, usable]).chain(more).collect()
    };
    let mut present = Vec::new();
    loop {
        let any = search.encoder.solver.fresh();
        search.encoder.solver.assert(absent.keys().copied().chain([!any]));
        let SearchResult::Satisfiable(found) = ask(search, &assumed(vec![any]))? else { break };
        let Some(holds) = absent.keys().copied().find(|holds| found.model.holds(*holds)) else { break };
        present.extend(absent.remove(&holds).unwrap_or_default());
    }
    let has_others = !is_impossible(search, &assumed(none))?;
    // The empty text is a class of its own where it is no unit.
    let absent = absent.into_values().flatten().filter(|text| !text.is_empty());
    let (texts, want) = if has_others { (absent.collect(), WantedTruth::False) } else { (present, WantedTruth::True) };
    let texts: Vec<Box<str>> = texts.into_iter().map(String::into_boxed_str).collect();
    if texts.is_empty() {
        return Ok(());
    }
    let predicate = Predicate::OneOf(Operands::Texts(texts.into()));
    let test = Test { attribute: sided.test.attribute, sign: Polarity::Is, predicate };
    let literal = search.encoder.test(sided.bundle, &test, want);
    candidates.add(search, literal, formula((sided.side, sided.bundle), &Condition::Test(test), want));
    Ok(())
}
