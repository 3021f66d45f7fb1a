//! The values of an ordered attribute (number, version, time, address) as intervals between constants.
//!
//! The input is the constants that the attribute is compared with. `n` constants divide the values into `2n + 1`
//! pieces: below the first constant, the first constant itself, between the first and the second constant, and so on.
//! Each piece except the last has a literal that is true if the value lies in this piece or an earlier one. The
//! literature calls this the order encoding. For example, `age >= 18` is one negated literal.
//!
//! **Invariant:** a piece that contains no value has no variable: its literal is that of the piece before it, or false
//! for the first piece.

use std::net::IpAddr;

use jiff::Timestamp;
use semver::Version;
use serde_json::Value as Json;

use crate::analyze::encoding::atoms::AttributeAtoms;
use crate::analyze::encoding::ordered_value::{OrderedValue, piece_samples, sort_and_dedup};
use crate::analyze::search::solver::{Literal, Model, Solver};
use crate::bundle::{Comparison, Operands, Ordered};

pub(crate) struct OrderedDomain {
    constants: OrderedConstants,
    /// For each piece except the last, a literal that is true if the value lies in this piece or an earlier one.
    up_to: Vec<Literal>,
    /// For each piece, a value in the piece, or `None` if no context can have such a value.
    samples: Vec<Option<Json>>,
}

/// The constants that an ordered attribute is compared with, in ascending order, without duplicates.
pub(crate) enum OrderedConstants {
    Numbers(Vec<f64>),
    Versions(Vec<Version>),
    Times(Vec<Timestamp>),
    /// For each network, its first and its last address.
    Addresses(Vec<IpAddr>),
}

impl OrderedConstants {
    /// Adds the constants of this type that the atoms compare with.
    pub(crate) fn with_constants_of(mut self, atoms: &AttributeAtoms<'_>) -> Self {
        for predicate in &atoms.predicates {
            if let Some(operands) = predicate.one_of() {
                self.add_operands(operands);
            }
            if let Some((_, bound)) = predicate.comparison() {
                self.add_bound(bound);
            }
        }
        match &mut self {
            Self::Numbers(numbers) => sort_and_dedup(numbers),
            Self::Versions(versions) => sort_and_dedup(versions),
            Self::Times(times) => sort_and_dedup(times),
            Self::Addresses(addresses) => sort_and_dedup(addresses),
        }
        self
    }

    /// Adds the operands. Operands of another type are skipped, because the evaluator treats their predicate as
    /// unknown.
    fn add_operands(&mut self, operands: &Operands) {
        match operands {
            Operands::Numbers(operands) => {
                if let Self::Numbers(numbers) = self {
                    numbers.extend(operands.iter().copied());
                }
            }
            Operands::Versions(operands) => {
                if let Self::Versions(versions) = self {
                    versions.extend(operands.iter().cloned());
                }
            }
            Operands::Times(operands) => {
                if let Self::Times(times) = self {
                    times.extend(operands.iter().copied());
                }
            }
            Operands::Networks(operands) => {
                if let Self::Addresses(addresses) = self {
                    addresses.extend(operands.iter().flat_map(|network| [network.network(), network.broadcast()]));
                }
            }
            Operands::Booleans(_) | Operands::Texts(_) => {}
        }
    }

    fn add_bound(&mut self, bound: &Ordered) {
        match bound {
            Ordered::Number(bound) => {
                if let Self::Numbers(numbers) = self {
                    numbers.push(*bound);
                }
            }
            Ordered::Version(bound) => {
                if let Self::Versions(versions) = self {
                    versions.push(bound.clone());
                }
            }
            Ordered::Time(bound) => {
                if let Self::Times(times) = self {
                    times.push(*bound);
                }
            }
        }
    }

    /// Returns the indices of the first and the last constant of each operand. The two indices differ only for
    /// networks. Returns `None` if the operands are of another type.
    fn operand_ranges(&self, operands: &Operands) -> Option<Vec<(usize, usize)>> {
        let single = |index: usize| (index, index);
        match operands {
            Operands::Numbers(operands) => {
                let Self::Numbers(all) = self else { return None };
                Some(operands.iter().filter_map(|operand| index_of(all, operand)).map(single).collect())
            }
            Operands::Versions(operands) => {
                let Self::Versions(all) = self else { return None };
                Some(operands.iter().filter_map(|operand| index_of(all, operand)).map(single).collect())
            }
            Operands::Times(operands) => {
                let Self::Times(all) = self else { return None };
                Some(operands.iter().filter_map(|operand| index_of(all, operand)).map(single).collect())
            }
            Operands::Networks(operands) => {
                let Self::Addresses(all) = self else { return None };
                let ends =
                    |network: &ipnet::IpNet| index_of(all, &network.network()).zip(index_of(all, &network.broadcast()));
                Some(operands.iter().filter_map(ends).collect())
            }
            Operands::Booleans(_) | Operands::Texts(_) => None,
        }
    }

    /// Returns the index of the constant, if there is one. The outer option is `None` if the bound is of another type.
    fn bound_index(&self, bound: &Ordered) -> Option<Option<usize>> {
        match bound {
            Ordered::Number(bound) => match self {
                Self::Numbers(all) => Some(index_of(all, bound)),
                Self::Versions(_) | Self::Times(_) | Self::Addresses(_) => None,
            },
            Ordered::Version(bound) => match self {
                Self::Versions(all) => Some(index_of(all, bound)),
                Self::Numbers(_) | Self::Times(_) | Self::Addresses(_) => None,
            },
            Ordered::Time(bound) => match self {
                Self::Times(all) => Some(index_of(all, bound)),
                Self::Numbers(_) | Self::Versions(_) | Self::Addresses(_) => None,
            },
        }
    }
}

fn index_of<T: OrderedValue>(constants: &[T], operand: &T) -> Option<usize> {
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
        let mut up_to = Vec::with_capacity(samples.len());
        for (index, sample) in samples.iter().enumerate().take(samples.len().saturating_sub(1)) {
            let literal = match sample {
                _ if index >= last => solver.truth(),
                None => before,
                Some(_) => {
                    let literal = solver.fresh();
                    solver.assert([!before, literal]);
                    literal
                }
            };
            up_to.push(literal);
            before = literal;
        }
        Self { constants, up_to, samples }
    }

    /// Returns a value in the piece that the model chooses.
    pub(crate) fn value(&self, model: &Model) -> Option<Json> {
        let piece = self.up_to.iter().position(|literal| model.holds(*literal)).unwrap_or(self.up_to.len());
        self.samples.get(piece)?.clone()
    }

    /// Returns two literals for the constant with this index: one is true if the value is below the constant, the other
    /// one if the value is at most the constant.
    fn below_and_at_most(&self, index: usize) -> Option<(Literal, Literal)> {
        Some((*self.up_to.get(index * 2)?, *self.up_to.get(index * 2 + 1)?))
    }

    /// Returns a literal that is true if the value equals one of the operands, or lies in one of the networks. Returns
    /// `None` if the operands are of another type.
    pub(crate) fn one_of(&self, solver: &mut Solver, operands: &Operands) -> Option<Literal> {
        let ranges = self.constants.operand_ranges(operands)?;
        let mut inside = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            let ((below, _), (_, at_most)) = (self.below_and_at_most(first)?, self.below_and_at_most(last)?);
            inside.push(solver.all([!below, at_most]));
        }
        Some(solver.any(inside))
    }

    /// Returns the literal for the comparison with the bound. Returns `None` if the bound is of another type.
    pub(crate) fn compare(&self, solver: &Solver, comparison: Comparison, bound: &Ordered) -> Option<Literal> {
        let index = self.constants.bound_index(bound)?;
        let Some((below, at_most)) = index.and_then(|index| self.below_and_at_most(index)) else {
            return Some(!solver.truth());
        };
        Some(match comparison {
            Comparison::Less => below,
            Comparison::LessOrEqual => at_most,
            Comparison::Greater => !at_most,
            Comparison::GreaterOrEqual => !below,
        })
    }
}
