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
use crate::analyze::encoding::dfa::PatternKey;
use crate::analyze::encoding::embedded_type::{EmbeddedType, embedded_samples};
use crate::analyze::encoding::ordered_value::{OrderedValue, piece_of, piece_samples, sort_and_dedup};
use crate::analyze::search::solver::{Literal, Model, Solver};
use crate::bundle::{Comparison, DottedVersion, Operands, Ordered};

#[derive(Clone)]
pub(crate) struct OrderedDomain {
    constants: OrderedConstants,
    /// For each piece except the last, a literal that is true if the value lies in this piece or an earlier one.
    up_to: Vec<Literal>,
    /// For each piece, a value in the piece, or `None` if no context can have such a value.
    samples: Vec<Option<Json>>,
    /// For each piece, other texts from which a context reads the sample.
    other_spellings: Vec<Vec<String>>,
    /// The type of the attribute in the other bundle, if this type is `version` and texts can have both types.
    embedded: Option<Embedded>,
}

#[derive(Clone)]
struct Embedded {
    /// True if the value has the other type.
    typed: Literal,
    /// For each piece, a text that has both types, or `None` if no text has.
    samples: Vec<Option<Json>>,
}

/// The constants that an ordered attribute is compared with, in ascending order, without duplicates.
#[derive(Clone)]
pub(crate) enum OrderedConstants {
    Numbers(Vec<f64>),
    Versions(Vec<Version>),
    DottedVersions(Vec<DottedVersion>),
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
            Self::DottedVersions(versions) => sort_and_dedup(versions),
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
            Operands::DottedVersions(operands) => {
                if let Self::DottedVersions(versions) = self {
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
            Ordered::DottedVersion(bound) => {
                if let Self::DottedVersions(versions) = self {
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

    /// Returns the constants as versions, or `None` if no text has this type and is a version. A constant is `None` if it is
    /// not a version.
    fn as_versions(&self) -> Option<Vec<Option<DottedVersion>>> {
        match self {
            Self::Versions(versions) => Some(versions.iter().map(EmbeddedType::to_version).collect()),
            Self::Addresses(addresses) => Some(addresses.iter().map(EmbeddedType::to_version).collect()),
            Self::Numbers(_) | Self::DottedVersions(_) | Self::Times(_) => None,
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
            Operands::DottedVersions(operands) => {
                let Self::DottedVersions(all) = self else { return None };
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
                Self::Versions(_) | Self::DottedVersions(_) | Self::Times(_) | Self::Addresses(_) => None,
            },
            Ordered::Version(bound) => match self {
                Self::Versions(all) => Some(index_of(all, bound)),
                Self::Numbers(_) | Self::DottedVersions(_) | Self::Times(_) | Self::Addresses(_) => None,
            },
            Ordered::DottedVersion(bound) => match self {
                Self::DottedVersions(all) => Some(index_of(all, bound)),
                Self::Numbers(_) | Self::Versions(_) | Self::Times(_) | Self::Addresses(_) => None,
            },
            Ordered::Time(bound) => match self {
                Self::Times(all) => Some(index_of(all, bound)),
                Self::Numbers(_) | Self::Versions(_) | Self::DottedVersions(_) | Self::Addresses(_) => None,
            },
        }
    }
}

fn index_of<T: OrderedValue>(constants: &[T], operand: &T) -> Option<usize> {
    constants.iter().position(|constant| !constant.precedes(operand) && !operand.precedes(constant))
}

const VERSION: &str = r"^(0|[1-9][0-9]{0,19})(\.(0|[1-9][0-9]{0,19})){2}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$";
const DOTTED_VERSION: &str = r"^v?[0-9]+(\.[0-9]+)*(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$";
const TIME: &str =
    r"^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9](:[0-5][0-9]){2}(\.[0-9]+)?(Z|[+-][0-2][0-9]:[0-5][0-9])$";
const ADDRESS: &str = r"^([0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*)$";

/// Returns the JSON of each sample, and its other spellings.
fn spelled<T: OrderedValue>(samples: Vec<Option<T>>) -> (Vec<Option<Json>>, Vec<Vec<String>>) {
    let spell = |sample: Option<T>| match sample {
        Some(sample) => (Some(sample.to_json()), sample.other_spellings()),
        None => (None, Vec::new()),
    };
    samples.into_iter().map(spell).unzip()
}

impl OrderedDomain {
    pub(crate) fn new(solver: &mut Solver, constants: OrderedConstants) -> Self {
        let (samples, other_spellings): (Vec<Option<Json>>, Vec<_>) = match &constants {
            OrderedConstants::Numbers(constants) => spelled(piece_samples(constants)),
            OrderedConstants::Versions(constants) => spelled(piece_samples(constants)),
            OrderedConstants::DottedVersions(constants) => spelled(piece_samples(constants)),
            OrderedConstants::Times(constants) => spelled(piece_samples(constants)),
            OrderedConstants::Addresses(constants) => spelled(piece_samples(constants)),
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
        Self { constants, up_to, samples, other_spellings, embedded: None }
    }

    /// Creates the domain of a `version` attribute. `other` is the attribute's type in the other bundle. If texts can have
    /// both types, `other` gets samples that are no versions.
    pub(crate) fn of_versions(
        solver: &mut Solver,
        atoms: &AttributeAtoms<'_>,
        other: Option<(Literal, &mut Self)>,
    ) -> Self {
        let other = other.and_then(|(typed, other)| Some((typed, other.constants.as_versions()?, other)));
        let constants = other.iter().flat_map(|(_, constants, _)| constants.iter().flatten().cloned()).collect();
        let constants = OrderedConstants::DottedVersions(constants).with_constants_of(atoms);
        let mut domain = Self::new(solver, constants);
        let Some((typed, _, other)) = other else { return domain };
        let samples = match (&domain.constants, &other.constants) {
            (OrderedConstants::DottedVersions(all), OrderedConstants::Versions(_)) => embedded_samples::<Version>(all),
            (OrderedConstants::DottedVersions(all), OrderedConstants::Addresses(_)) => embedded_samples::<IpAddr>(all),
            _ => return domain,
        };
        domain.embedded = Some(Embedded { typed, samples });
        // No address in IPv6 notation is a version, and no version with a `v` has another type.
        other.respell(|text| DottedVersion::from_text(text).is_none());
        domain.respell(|text| other.piece_of(text).is_none());
        domain
    }

    /// Replaces the samples that are not admitted by other spellings.
    fn respell(&mut self, is_admitted: impl Fn(&str) -> bool) {
        for (sample, others) in self.samples.iter_mut().zip(&self.other_spellings) {
            let is_wrong = sample.as_ref().and_then(Json::as_str).is_some_and(|text| !is_admitted(text));
            if let Some(other) = others.iter().find(|text| is_wrong && is_admitted(text)) {
                *sample = Some(Json::from(other.as_str()));
            }
        }
    }

    /// Returns whether texts can have this type and the attribute's type in the other bundle.
    pub(crate) fn embeds_other_type(&self) -> bool {
        self.embedded.is_some()
    }

    /// Adds the constraints between this type, which is `version`, and the other one.
    pub(crate) fn relate(&self, (other_typed, other): (Literal, &Self), typed: Literal, solver: &mut Solver) {
        let (Some(embedded), OrderedConstants::DottedVersions(all)) = (&self.embedded, &self.constants) else { return };
        if matches!(other.constants, OrderedConstants::Versions(_)) {
            solver.assert([!other_typed, typed]);
        }
        let not_both = [!other_typed, !typed];
        for (index, version) in other.constants.as_versions().into_iter().flatten().enumerate() {
            let Some((below, at_most)) = other.below_and_at_most(index) else { continue };
            // An address that is not a version is above all addresses that are versions.
            let Some(version) = version else {
                solver.assert(not_both.into_iter().chain([below]));
                continue;
            };
            let position = index_of(all, &version).and_then(|index| self.below_and_at_most(index));
            let Some((same_below, same_at_most)) = position else { continue };
            for (one, same) in [(below, same_below), (at_most, same_at_most)] {
                solver.assert(not_both.into_iter().chain([!one, same]));
                solver.assert(not_both.into_iter().chain([one, !same]));
            }
        }
        for (piece, _) in embedded.samples.iter().enumerate().filter(|(_, sample)| sample.is_none()) {
            solver.assert(not_both.into_iter().chain(self.in_piece(piece).into_iter().map(|literal| !literal)));
        }
    }

    /// Returns a value in the piece that the model chooses.
    pub(crate) fn value(&self, model: &Model) -> Option<Json> {
        let embedded = self.embedded.as_ref().filter(|embedded| model.holds(embedded.typed));
        let samples = embedded.map_or(&self.samples, |embedded| &embedded.samples);
        samples.get(self.piece(model))?.clone()
    }

    /// Returns the index of the piece that the model chooses.
    pub(crate) fn piece(&self, model: &Model) -> usize {
        self.up_to.iter().position(|literal| model.holds(*literal)).unwrap_or(self.up_to.len())
    }

    /// Returns the index of the piece of the value that a context reads from the text, or `None` if it reads no value of
    /// this type.
    pub(crate) fn piece_of(&self, text: &str) -> Option<usize> {
        match &self.constants {
            OrderedConstants::Numbers(constants) => f64::from_text(text).map(|value| piece_of(constants, &value)),
            OrderedConstants::Versions(constants) => Version::from_text(text).map(|value| piece_of(constants, &value)),
            OrderedConstants::DottedVersions(constants) => {
                DottedVersion::from_text(text).map(|value| piece_of(constants, &value))
            }
            OrderedConstants::Times(constants) => Timestamp::from_text(text).map(|value| piece_of(constants, &value)),
            OrderedConstants::Addresses(constants) => IpAddr::from_text(text).map(|value| piece_of(constants, &value)),
        }
    }

    /// Returns the literals that are all true if the value lies in the piece.
    pub(crate) fn in_piece(&self, piece: usize) -> Vec<Literal> {
        let before = piece.checked_sub(1).and_then(|before| self.up_to.get(before)).map(|before| !*before);
        before.into_iter().chain(self.up_to.get(piece).copied()).collect()
    }

    /// Returns texts from which a context reads values of the piece.
    pub(crate) fn spellings(&self, piece: usize) -> impl Iterator<Item = &str> {
        let sample = self.samples.get(piece).and_then(Option::as_ref).and_then(Json::as_str);
        sample.into_iter().chain(self.other_spellings.get(piece).into_iter().flatten().map(String::as_str))
    }

    /// Returns a pattern that matches every text from which a context reads a value, and few others. Returns `None` for
    /// numbers, because no text is a number.
    pub(crate) fn syntax(&self) -> Option<PatternKey> {
        match self.constants {
            OrderedConstants::Numbers(_) => None,
            OrderedConstants::Versions(_) => Some(PatternKey::expression(VERSION)),
            OrderedConstants::DottedVersions(_) => Some(PatternKey::expression(DOTTED_VERSION)),
            OrderedConstants::Times(_) => Some(PatternKey::expression(TIME)),
            OrderedConstants::Addresses(_) => Some(PatternKey::expression(ADDRESS)),
        }
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
