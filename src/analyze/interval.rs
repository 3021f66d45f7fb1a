//! Attributes of ordered types, as propositions.
//!
//! Takes the constants that an attribute is compared with; gives a literal for each comparison.
//!
//! **Invariant:** pieces without a value are no pieces: the literals around them are the same.

use std::net::IpAddr;

use jiff::Timestamp;
use semver::Version;
use serde_json::Value as Json;

use crate::analyze::atoms::Asked;
use crate::analyze::ordered_value::{Point, arrange, samples};
use crate::analyze::solver::{Literal, Model, Solver};
use crate::bundle::{Comparison, Operands, Ordered, Predicate, Type};

/// Pieces of an ordered type; a literal for each but the last: the value lies in this piece or before.
pub(super) struct Axis {
    constants: Constants,
    cuts: Vec<Literal>,
    samples: Vec<Option<Json>>,
}

pub(super) enum Constants {
    Numbers(Vec<f64>),
    Versions(Vec<Version>),
    Times(Vec<Timestamp>),
    Addresses(Vec<IpAddr>),
}

impl Constants {
    pub(super) fn gather(asked: &Asked<'_>) -> Self {
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
        arrange(&mut numbers);
        arrange(&mut versions);
        arrange(&mut times);
        arrange(&mut addresses);
        match asked.kind {
            Type::Semver => Self::Versions(versions),
            Type::Datetime => Self::Times(times),
            Type::Ip => Self::Addresses(addresses),
            _ => Self::Numbers(numbers),
        }
    }
}

fn place<T: Point>(constants: &[T], operand: &T) -> Option<usize> {
    constants.iter().position(|constant| !constant.before(operand) && !operand.before(constant))
}

impl Axis {
    pub(super) fn new(solver: &mut Solver, constants: Constants) -> Self {
        let samples = match &constants {
            Constants::Numbers(constants) => samples(constants),
            Constants::Versions(constants) => samples(constants),
            Constants::Times(constants) => samples(constants),
            Constants::Addresses(constants) => samples(constants),
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

    pub(super) fn value(&self, model: &Model) -> Option<Json> {
        let piece = self.cuts.iter().position(|cut| model.holds(*cut)).unwrap_or(self.cuts.len());
        self.samples.get(piece)?.clone()
    }

    /// Below the constant at that place, and up to it.
    fn around(&self, at: usize) -> Option<(Literal, Literal)> {
        Some((*self.cuts.get(at * 2)?, *self.cuts.get(at * 2 + 1)?))
    }

    pub(super) fn one_of(&self, solver: &mut Solver, operands: &Operands) -> Option<Literal> {
        let single = |at: Option<usize>| at.map(|at| (at, at));
        let ranges: Vec<Option<(usize, usize)>> = match (&self.constants, operands) {
            (Constants::Numbers(all), Operands::Numbers(some)) => {
                some.iter().map(|one| single(place(all, one))).collect()
            }
            (Constants::Versions(all), Operands::Versions(some)) => {
                some.iter().map(|one| single(place(all, one))).collect()
            }
            (Constants::Times(all), Operands::Times(some)) => some.iter().map(|one| single(place(all, one))).collect(),
            (Constants::Addresses(all), Operands::Networks(some)) => {
                let ends =
                    |network: &ipnet::IpNet| place(all, &network.network()).zip(place(all, &network.broadcast()));
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

    pub(super) fn compare(&self, solver: &mut Solver, comparison: Comparison, operand: &Ordered) -> Option<Literal> {
        let at = match (&self.constants, operand) {
            (Constants::Numbers(all), Ordered::Number(operand)) => place(all, operand),
            (Constants::Versions(all), Ordered::Version(operand)) => place(all, operand),
            (Constants::Times(all), Ordered::Time(operand)) => place(all, operand),
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
