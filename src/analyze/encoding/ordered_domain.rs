//! The values of an ordered attribute (number, version, time, address) as intervals between constants.
//!
//! Takes the constants that the attribute is compared with. `n` constants give `2n + 1` pieces: below the first, the first
//! itself, between the first and the second, and so on. A literal for each piece but the last says that the value lies in
//! this piece or an earlier one; the field calls this the order encoding. `age >= 18` is then one literal, negated.
//!
//! **Invariant:** a piece that contains no value has no literal of its own: the literals around it are the same.

use std::net::IpAddr;

use jiff::Timestamp;
use semver::Version;
use serde_json::Value as Json;

use crate::analyze::encoding::atoms::AttributeAtoms;
use crate::analyze::encoding::ordered_value::{OrderedValue, piece_samples, sort_and_dedup};
use crate::analyze::search::solver::{Literal, Model, Solver};
use crate::bundle::{Comparison, Operands, Ordered, Predicate, Type};

/// Pieces of an ordered type; a literal for each but the last: the value lies in this piece or before.
pub(crate) struct OrderedDomain {
    constants: OrderedConstants,
    cuts: Vec<Literal>,
    samples: Vec<Option<Json>>,
}

pub(crate) enum OrderedConstants {
    Numbers(Vec<f64>),
    Versions(Vec<Version>),
    Times(Vec<Timestamp>),
    Addresses(Vec<IpAddr>),
}

impl OrderedConstants {
    pub(crate) fn gather(asked: &AttributeAtoms<'_>) -> Self {
        let (mut numbers, mut versions, mut times, mut addresses) = (vec![], vec![], vec![], vec![]);
        for predicate in &asked.predicates {
            match predicate {
                Predicate::OneOf(Operands::Numbers(operands)) => numbers.extend(operands.iter().copied()),
                Predicate::OneOf(Operands::Versions(operands)) => versions.extend(operands.iter().cloned()),
                Predicate::OneOf(Operands::Times(operands)) => times.extend(operands.iter().copied()),
                Predicate::OneOf(Operands::Networks(operands)) => {
                    addresses.extend(operands.iter().flat_map(|network| [network.network(), network.broadcast()]));
                }
                Predicate::Compare(_, Ordered::Number(operand)) => numbers.push(*operand),
                Predicate::Compare(_, Ordered::Version(operand)) => versions.push(operand.clone()),
                Predicate::Compare(_, Ordered::Time(operand)) => times.push(*operand),
                _ => {}
            }
        }
        sort_and_dedup(&mut numbers);
        sort_and_dedup(&mut versions);
        sort_and_dedup(&mut times);
        sort_and_dedup(&mut addresses);
        match asked.kind {
            Type::Semver => Self::Versions(versions),
            Type::Datetime => Self::Times(times),
            Type::Ip => Self::Addresses(addresses),
            _ => Self::Numbers(numbers),
        }
    }
}

fn constant_index<T: OrderedValue>(constants: &[T], operand: &T) -> Option<usize> {
    constants.iter().position(|constant| !constant.precedes(operand) && !operand.precedes(constant))
}

impl OrderedDomain {
    pub(crate) fn new(solver: &mut Solver, constants: OrderedConstants) -> Self {
        let samples = match &constants {
            OrderedConstants::Numbers(constants) => piece_samples(constants),
            OrderedConstants::Versions(constants) => piece_samples(constants),
            OrderedConstants::Times(constants) => piece_samples(constants),
            OrderedConstants::Addresses(constants) => piece_samples(constants),
        };
        let last = samples.iter().rposition(Option::is_some).unwrap_or(0);
        let mut before = !solver.truth();
        let mut cuts = Vec::with_capacity(samples.len());
        for (at, sample) in samples.iter().enumerate().take(samples.len().saturating_sub(1)) {
            let upto = match sample {
                _ if at >= last => solver.truth(),
                None => before,
                Some(_) => {
                    let upto = solver.fresh();
                    solver.assert([!before, upto]);
                    upto
                }
            };
            cuts.push(upto);
            before = upto;
        }
        Self { constants, cuts, samples }
    }

    pub(crate) fn value(&self, model: &Model) -> Option<Json> {
        let piece = self.cuts.iter().position(|cut| model.holds(*cut)).unwrap_or(self.cuts.len());
        self.samples.get(piece)?.clone()
    }

    /// Below the constant at that place, and up to it.
    fn around(&self, at: usize) -> Option<(Literal, Literal)> {
        Some((*self.cuts.get(at * 2)?, *self.cuts.get(at * 2 + 1)?))
    }

    pub(crate) fn one_of(&self, solver: &mut Solver, operands: &Operands) -> Option<Literal> {
        let single = |at: Option<usize>| at.map(|at| (at, at));
        let ranges: Vec<Option<(usize, usize)>> = match (&self.constants, operands) {
            (OrderedConstants::Numbers(all), Operands::Numbers(some)) => {
                some.iter().map(|one| single(constant_index(all, one))).collect()
            }
            (OrderedConstants::Versions(all), Operands::Versions(some)) => {
                some.iter().map(|one| single(constant_index(all, one))).collect()
            }
            (OrderedConstants::Times(all), Operands::Times(some)) => {
                some.iter().map(|one| single(constant_index(all, one))).collect()
            }
            (OrderedConstants::Addresses(all), Operands::Networks(some)) => {
                let ends = |network: &ipnet::IpNet| {
                    constant_index(all, &network.network()).zip(constant_index(all, &network.broadcast()))
                };
                some.iter().map(ends).collect()
            }
            _ => return None,
        };
        let mut inside = Vec::with_capacity(ranges.len());
        for (first, last) in ranges.into_iter().flatten() {
            let ((below, _), (_, upto)) = (self.around(first)?, self.around(last)?);
            inside.push(solver.all([!below, upto]));
        }
        Some(solver.any(inside))
    }

    pub(crate) fn compare(&self, solver: &mut Solver, comparison: Comparison, operand: &Ordered) -> Option<Literal> {
        let at = match (&self.constants, operand) {
            (OrderedConstants::Numbers(all), Ordered::Number(operand)) => constant_index(all, operand),
            (OrderedConstants::Versions(all), Ordered::Version(operand)) => constant_index(all, operand),
            (OrderedConstants::Times(all), Ordered::Time(operand)) => constant_index(all, operand),
            _ => return None,
        };
        let Some((below, upto)) = at.and_then(|at| self.around(at)) else { return Some(!solver.truth()) };
        Some(match comparison {
            Comparison::Less => below,
            Comparison::LessOrEqual => upto,
            Comparison::Greater => !upto,
            Comparison::GreaterOrEqual => !below,
        })
    }
}
