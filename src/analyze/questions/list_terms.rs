//! Combines terms of a region that compare one attribute with lists.
//!
//! A region of a change from one list to another has two terms: the value is in the old list, and it is not in the new
//! one. Both lists can have thousands of entries that are equal. The region has the same contexts if its only term is the
//! difference of the lists: the entries that were removed.
//!
//! **Invariant:** a region contains the same contexts before and after its terms are combined.

use crate::analyze::questions::operand_sets::{SetOperation, combined, operands};
use crate::analyze::results::term::{Term, TermTest};
use crate::analyze::search::context_search::Search;
use crate::bundle::{Bundle, Condition, Polarity, Predicate, Quantifier, Test, TextOperator};

/// The values of an attribute for which a term is true, as one of four forms. `A` is the list of the term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `in A` is true: the value is known, and it is in the list.
    In,
    /// `in A` is not true: the value is not in the list, or it is unknown.
    NotTrueIn,
    /// `not_in A` is true: the value is known, and it is not in the list.
    NotIn,
    /// `not_in A` is not true: the value is in the list, or it is unknown.
    NotTrueNotIn,
}

impl Form {
    fn of(sign: Polarity, holds: bool) -> Self {
        match (sign, holds) {
            (Polarity::Is, true) => Self::In,
            (Polarity::Is, false) => Self::NotTrueIn,
            (Polarity::IsNot, true) => Self::NotIn,
            (Polarity::IsNot, false) => Self::NotTrueNotIn,
        }
    }

    fn sign(self) -> Polarity {
        match self {
            Self::In | Self::NotTrueIn => Polarity::Is,
            Self::NotIn | Self::NotTrueNotIn => Polarity::IsNot,
        }
    }

    fn holds(self) -> bool {
        matches!(self, Self::In | Self::NotIn)
    }

    /// Returns the form of a list that stands for both lists, and how it is made from the two lists. Returns `None` if
    /// the forms are in the other order in the table.
    fn with(self, other: Self) -> Option<(Self, SetOperation)> {
        use SetOperation::{Common, Joined, Without, WithoutReversed};
        match (self, other) {
            (Self::In, Self::NotTrueIn | Self::NotIn) => Some((Self::In, Without)),
            (Self::In, Self::In | Self::NotTrueNotIn) => Some((Self::In, Common)),
            (Self::NotIn, Self::NotTrueNotIn) => Some((Self::In, WithoutReversed)),
            (Self::NotIn, Self::NotTrueIn | Self::NotIn) => Some((Self::NotIn, Joined)),
            (Self::NotTrueIn, Self::NotTrueIn) => Some((Self::NotTrueIn, Joined)),
            (Self::NotTrueNotIn, Self::NotTrueNotIn) => Some((Self::NotTrueNotIn, Common)),
            (Self::NotTrueIn, Self::NotTrueNotIn) => Some((Self::NotTrueNotIn, WithoutReversed)),
            (Self::NotTrueIn, Self::In | Self::NotIn)
            | (Self::NotIn, Self::In)
            | (Self::NotTrueNotIn, Self::In | Self::NotTrueIn | Self::NotIn) => None,
        }
    }
}

/// A part of a term that compares an attribute with a list.
#[derive(Clone, Copy)]
struct ListTest<'t> {
    term: &'t Term,
    test: &'t Test,
    bundle: &'t Bundle,
}

/// Returns terms that have the same meaning together, in which no two terms compare one attribute with lists if one term
/// can say the same.
pub(crate) fn combine(search: &Search<'_>, terms: Vec<Term>) -> Vec<Term> {
    /// The maximum number of terms. The time grows with its square.
    const MOST: usize = 100;
    let mut parts: Vec<Term> = terms.iter().flat_map(|term| split(search, term)).collect();
    if parts.len() > MOST {
        return terms;
    }
    let mut has_changed = false;
    while let Some((index, rest)) =
        parts.iter().enumerate().find_map(|(index, term)| Some((index, rest(search, term, &parts)?)))
    {
        parts.splice(index..=index, rest);
        has_changed = true;
    }
    while let Some((first, second, term)) = next(search, &parts) {
        if let Some(place) = parts.get_mut(first) {
            *place = term;
        }
        parts.remove(second);
        has_changed = true;
    }
    while let Some((index, term)) = next_shorter(search, &parts) {
        if let Some(place) = parts.get_mut(index) {
            *place = term;
        }
        has_changed = true;
    }
    if has_changed { parts } else { terms }
}

/// Returns the terms that have the same meaning as one term: the parts of `a and b` that is true, and of `a or b` that is
/// not true.
fn split(search: &Search<'_>, term: &Term) -> Vec<Term> {
    match (term.condition(), term.holds) {
        (Some(Condition::All(parts)), true) | (Some(Condition::Any(parts)), false) if !parts.is_empty() => {
            parts.iter().flat_map(|part| split(search, &about(search, term, part.clone()))).collect()
        }
        _ => vec![term.clone()],
    }
}

/// Returns the terms for the rest of `a and b` that is not true, if another term says that `a` is true. Returns `None` if
/// no part is known to be true, or if all parts are.
fn rest(search: &Search<'_>, term: &Term, terms: &[Term]) -> Option<Vec<Term>> {
    let (Some(Condition::All(parts)), false) = (term.condition(), term.holds) else { return None };
    let is_true = |part: &&Condition| {
        let part = about(search, term, (*part).clone());
        terms.iter().any(|known| known.holds && is_same(search, known, &part))
    };
    let rest: Vec<Condition> = parts.iter().filter(|part| !is_true(part)).cloned().collect();
    match (rest.as_slice(), rest.len() < parts.len()) {
        ([], _) | (_, false) => None,
        ([only], true) => Some(split(search, &about(search, term, only.clone()))),
        (_, true) => Some(vec![about(search, term, Condition::All(rest.into()))]),
    }
}

/// Returns whether the conditions of two terms certainly have the same meaning.
fn is_same(search: &Search<'_>, left: &Term, right: &Term) -> bool {
    if left.words != right.words {
        return false;
    }
    match (left.condition(), right.condition()) {
        (Some(Condition::Test(old)), Some(Condition::Test(new))) => {
            let attribute = |term: &Term, test: &Test| search.encoder.bundle(term.side)?.attributes.get(test.attribute);
            attribute(left, old) == attribute(right, new)
        }
        // Segments and flags of the same name can differ between the sides.
        (Some(_), Some(_)) => left.side == right.side,
        _ => false,
    }
}

/// Returns a term with another condition.
fn about(search: &Search<'_>, term: &Term, condition: Condition) -> Term {
    let text = |describe: fn(&Bundle, &Condition) -> String| {
        search.encoder.bundle(term.side).map(|bundle| describe(bundle, &condition)).unwrap_or_default()
    };
    let (words, summary) = (text(Bundle::describe), text(Bundle::summarize));
    Term { words, summary, test: TermTest::Holds(condition), ..term.clone() }
}

/// Returns the indices of two terms that can be combined, and the term that has their meaning.
fn next(search: &Search<'_>, terms: &[Term]) -> Option<(usize, usize, Term)> {
    let tests = list_tests(search, terms);
    tests.iter().find_map(|(first, left)| {
        tests.iter().find_map(|(second, right)| {
            let term = if first == second { None } else { both(search, *left, *right) };
            term.map(|term| (*first, *second, term))
        })
    })
}

/// Returns the terms that compare an attribute with a list, with their indices.
fn list_tests<'t>(search: &'t Search<'_>, terms: &'t [Term]) -> Vec<(usize, ListTest<'t>)> {
    let list_test = |(index, term): (usize, &'t Term)| {
        let Some(Condition::Test(test)) = term.condition() else { return None };
        let is_list = match &test.predicate {
            Predicate::OneOf(_) | Predicate::Has(..) => true,
            Predicate::Folded(folded) => folded.operator() == TextOperator::Equals,
            Predicate::Exists
            | Predicate::Compare(..)
            | Predicate::StartsWith(_)
            | Predicate::EndsWith(_)
            | Predicate::Contains(_)
            | Predicate::Matches(_) => false,
        };
        let bundle = search.encoder.bundle(term.side)?;
        is_list.then_some((index, ListTest { term, test, bundle }))
    };
    terms.iter().enumerate().filter_map(list_test).collect()
}

/// Returns the index of a term about the elements of a list that is shorter if another term is known, and the shorter
/// term. For example, `has_any [a, b]` becomes `has_any [b]` if `has_any [a, c]` is not true.
fn next_shorter(search: &Search<'_>, terms: &[Term]) -> Option<(usize, Term)> {
    let tests = list_tests(search, terms);
    tests.iter().find_map(|(index, list)| {
        tests.iter().find_map(|(other_index, other)| {
            let (Predicate::Has(quantifier, left), Predicate::Has(other_quantifier, right)) =
                (&list.test.predicate, &other.test.predicate)
            else {
                return None;
            };
            let applies = match quantifier {
                Quantifier::Any => list.term.holds && !other.term.holds,
                Quantifier::All => !list.term.holds && other.term.holds,
            };
            if index == other_index || quantifier != other_quantifier || !applies || !has_same_attribute(*list, *other)
            {
                return None;
            }
            // Without a common element, the term stays as it is.
            operands(left, right, SetOperation::Common)?;
            let rest = operands(left, right, SetOperation::Without)?;
            let test = Test { predicate: Predicate::Has(*quantifier, rest), ..list.test.clone() };
            Some((*index, about(search, list.term, Condition::Test(test))))
        })
    })
}

fn has_same_attribute(left: ListTest<'_>, right: ListTest<'_>) -> bool {
    let [left, right] = [left, right].map(|list| list.bundle.attributes.get(list.test.attribute));
    left == right
}

/// Returns the term that has the meaning of both tests, if there is one.
fn both(search: &Search<'_>, left: ListTest<'_>, right: ListTest<'_>) -> Option<Term> {
    if !has_same_attribute(left, right) {
        return None;
    }
    let form = |list: ListTest<'_>| Form::of(list.test.sign, list.term.holds);
    let (form, operation) = form(left).with(form(right))?;
    let predicate = combined(&left.test.predicate, &right.test.predicate, operation)?;
    let test = Test { attribute: left.test.attribute, sign: form.sign(), predicate };
    Some(Term { holds: form.holds(), ..about(search, left.term, Condition::Test(test)) })
}
