//! The values of a list attribute: one literal for each constant, which says whether the list contains it.

use std::collections::BTreeSet;

use crate::analyze::encoding::atoms::AttributeAtoms;
use crate::analyze::encoding::ordered_value::{OrderedValue, sort_and_dedup};
use crate::analyze::search::solver::{Literal, Solver};
use crate::bundle::{Operands, Predicate, Quantifier};

pub(crate) struct ListDomain<T> {
    pub(crate) constants: Vec<(T, Literal)>,
    /// The list has something that is none of the constants.
    pub(crate) other: Literal,
}

impl<T> ListDomain<T> {
    pub(crate) fn find(&self, solver: &Solver, same: impl Fn(&T) -> bool) -> Literal {
        self.constants.iter().find(|(constant, _)| same(constant)).map_or(!solver.truth(), |(_, has)| *has)
    }
}

pub(crate) fn elements_of_texts(solver: &mut Solver, asked: &AttributeAtoms<'_>) -> ListDomain<String> {
    let mut texts: BTreeSet<&str> =
        asked.allowed.iter().flat_map(|allowed| allowed.iter().map(AsRef::as_ref)).collect();
    for predicate in &asked.predicates {
        if let Predicate::Has(_, Operands::Texts(set)) = predicate {
            texts.extend(set.iter());
        }
    }
    let constants = texts.into_iter().map(|text| (text.to_owned(), solver.fresh())).collect();
    ListDomain { constants, other: solver.fresh() }
}

pub(crate) fn elements_of_numbers(solver: &mut Solver, asked: &AttributeAtoms<'_>) -> ListDomain<f64> {
    let mut numbers: Vec<f64> = Vec::new();
    for predicate in &asked.predicates {
        if let Predicate::Has(_, Operands::Numbers(set)) = predicate {
            numbers.extend(set.iter().filter(|number| number.is_representable()));
        }
    }
    sort_and_dedup(&mut numbers);
    let constants = numbers.into_iter().map(|number| (number, solver.fresh())).collect();
    ListDomain { constants, other: !solver.truth() }
}

pub(crate) fn quantified(solver: &mut Solver, quantifier: Quantifier, found: Vec<Literal>) -> Literal {
    match quantifier {
        Quantifier::Any => solver.any(found),
        Quantifier::All => solver.all(found),
    }
}
