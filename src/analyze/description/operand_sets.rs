//! Sets of operands: the difference, the intersection and the union of two lists.

use std::cmp::Ordering;

use ipnet::IpNet;
use semver::Version;

use crate::bundle::{DottedVersion, Folded, Operands, Predicate, TextOperator, TextSet};

/// How a list is made from two lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SetOperation {
    /// The operands of the first list that are not in the second one.
    Without,
    /// The operands of the second list that are not in the first one.
    WithoutReversed,
    /// The operands that are in both lists.
    Common,
    /// The operands of both lists.
    Joined,
}

/// Returns the comparison with the list that is made from the lists of two comparisons. Returns `None` if the list is
/// empty, if the predicates or the types of the lists differ, or if no list has exactly these values, as for networks
/// that overlap.
pub(super) fn combined(left: &Predicate, right: &Predicate, operation: SetOperation) -> Option<Predicate> {
    match (left, right) {
        (Predicate::OneOf(left), Predicate::OneOf(right)) => operands(left, right, operation).map(Predicate::OneOf),
        (Predicate::Folded(left), Predicate::Folded(right))
            if [left, right].iter().all(|folded| folded.operator() == TextOperator::Equals) =>
        {
            let select = |from: &Folded, other: &Folded, is_in: bool| -> Vec<Box<str>> {
                from.operands().iter().filter(|text| other.is_match(text) == is_in).cloned().collect()
            };
            let texts = match operation {
                SetOperation::Without => select(left, right, false),
                SetOperation::WithoutReversed => select(right, left, false),
                SetOperation::Common => select(left, right, true),
                SetOperation::Joined => [left.operands().to_vec(), select(right, left, false)].concat(),
            };
            let has_texts = !texts.is_empty();
            has_texts.then(|| Folded::new(TextOperator::Equals, texts.into()).ok()).flatten().map(Predicate::Folded)
        }
        (Predicate::Has(quantifier, left), Predicate::Has(other, right)) if quantifier == other => {
            operands(left, right, operation).map(|operands| Predicate::Has(*quantifier, operands))
        }
        _ => None,
    }
}

/// Returns the list that is made from two lists.
fn operands(left: &Operands, right: &Operands, operation: SetOperation) -> Option<Operands> {
    match (left, right) {
        (Operands::Booleans(left), Operands::Booleans(right)) => {
            set(left, right, operation, bool::cmp).map(Operands::Booleans)
        }
        (Operands::Numbers(left), Operands::Numbers(right)) => {
            set(left, right, operation, |a: &f64, b| a.partial_cmp(b).unwrap_or(Ordering::Equal)).map(Operands::Numbers)
        }
        (Operands::Texts(left), Operands::Texts(right)) => {
            let texts = |set: &TextSet| -> Vec<Box<str>> { set.clone().into() };
            let texts = set(&texts(left), &texts(right), operation, Box::<str>::cmp)?;
            Some(Operands::Texts(texts.into_vec().into()))
        }
        (Operands::Versions(left), Operands::Versions(right)) => {
            set(left, right, operation, Version::cmp_precedence).map(Operands::Versions)
        }
        (Operands::DottedVersions(left), Operands::DottedVersions(right)) => {
            set(left, right, operation, DottedVersion::cmp).map(Operands::DottedVersions)
        }
        (Operands::Times(left), Operands::Times(right)) => set(left, right, operation, Ord::cmp).map(Operands::Times),
        (Operands::Networks(left), Operands::Networks(right)) => {
            networks(left, right, operation).map(Operands::Networks)
        }
        (
            Operands::Booleans(_)
            | Operands::Numbers(_)
            | Operands::Texts(_)
            | Operands::Versions(_)
            | Operands::DottedVersions(_)
            | Operands::Times(_)
            | Operands::Networks(_),
            _,
        ) => None,
    }
}

/// Returns a list in ascending order. Both lists are in ascending order.
fn set<T: Clone>(
    left: &[T],
    right: &[T],
    operation: SetOperation,
    compare: impl Fn(&T, &T) -> Ordering,
) -> Option<Box<[T]>> {
    let select = |from: &[T], other: &[T], is_in: bool| -> Vec<T> {
        let found = |value: &T| other.binary_search_by(|entry| compare(entry, value)).is_ok();
        from.iter().filter(|value| found(value) == is_in).cloned().collect()
    };
    let result = match operation {
        SetOperation::Without => select(left, right, false),
        SetOperation::WithoutReversed => select(right, left, false),
        SetOperation::Common => select(left, right, true),
        SetOperation::Joined => {
            let mut all: Vec<T> = left.iter().cloned().chain(select(right, left, false)).collect();
            all.sort_by(|a, b| compare(a, b));
            all
        }
    };
    (!result.is_empty()).then(|| result.into())
}

/// Returns a list of networks. The addresses of a difference and of an intersection are the addresses of the remaining
/// networks only if no network of one list contains a different network of the other list.
fn networks(left: &[IpNet], right: &[IpNet], operation: SetOperation) -> Option<Box<[IpNet]>> {
    /// The maximum number of comparisons.
    const MOST: usize = 1_000_000;
    let overlap = |a: &IpNet, b: &IpNet| a != b && (a.contains(b) || b.contains(a));
    let is_exact =
        || left.len().saturating_mul(right.len()) <= MOST && !left.iter().any(|a| right.iter().any(|b| overlap(a, b)));
    if operation != SetOperation::Joined && !is_exact() {
        return None;
    }
    let (mut left, mut right) = (left.to_vec(), right.to_vec());
    left.sort();
    right.sort();
    set(&left, &right, operation, IpNet::cmp)
}
