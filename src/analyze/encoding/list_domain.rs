//! The values of a list attribute. Each constant has one literal, which is true if the list contains the constant.
//!
//! For example, `groups: {has: beta}` has one literal, for "the list contains `beta`". One separate literal represents
//! all elements that no condition names.

use std::collections::BTreeSet;

use crate::analyze::encoding::atoms::AttributeAtoms;
use crate::analyze::encoding::ordered_value::{OrderedValue, sort_and_dedup};
use crate::analyze::search::solver::{Literal, Solver};
use crate::bundle::{Operands, Predicate};

/// The elements that a list can have. The constants are the elements that predicates and enums name.
pub(crate) struct ListDomain<T> {
    pub(crate) constants: Vec<(T, Literal)>,
    /// True if the list contains an element that is not a constant.
    pub(crate) outside_constants: Literal,
}

impl<T> ListDomain<T> {
    /// Returns the literals of which at least one is true if the list is not empty.
    pub(crate) fn elements(&self) -> impl Iterator<Item = Literal> {
        self.constants.iter().map(|(_, has)| *has).chain([self.outside_constants])
    }

    /// Returns the literal that is true if the list contains the constant that `is_wanted` selects. Returns the false
    /// literal if there is no such constant.
    pub(crate) fn contains(&self, solver: &Solver, is_wanted: impl Fn(&T) -> bool) -> Literal {
        self.constants.iter().find(|(constant, _)| is_wanted(constant)).map_or(!solver.truth(), |(_, has)| *has)
    }
}

impl ListDomain<String> {
    pub(crate) fn of_texts(solver: &mut Solver, atoms: &AttributeAtoms<'_>) -> Self {
        let mut texts: BTreeSet<&str> =
            atoms.allowed.iter().flat_map(|allowed| allowed.iter().map(AsRef::as_ref)).collect();
        for predicate in &atoms.predicates {
            if let Predicate::Has(_, Operands::Texts(set)) = predicate {
                texts.extend(set.iter());
            }
        }
        let constants = texts.into_iter().map(|text| (text.to_owned(), solver.fresh())).collect();
        Self { constants, outside_constants: solver.fresh() }
    }
}

impl ListDomain<f64> {
    pub(crate) fn of_numbers(solver: &mut Solver, atoms: &AttributeAtoms<'_>) -> Self {
        let mut numbers: Vec<f64> = Vec::new();
        for predicate in &atoms.predicates {
            if let Predicate::Has(_, Operands::Numbers(set)) = predicate {
                numbers.extend(set.iter().filter(|number| number.is_representable()));
            }
        }
        sort_and_dedup(&mut numbers);
        let constants = numbers.into_iter().map(|number| (number, solver.fresh())).collect();
        Self { constants, outside_constants: solver.fresh() }
    }
}
