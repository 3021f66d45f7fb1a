//! The values that one attribute can have, as propositional variables.
//!
//! The input is the atoms of the attribute. The output is a literal for each predicate, and a value for each model. The
//! values are divided into finitely many classes, because the solver can choose a class but not a value.
//!
//! **Invariant:** every assignment that the clauses admit belongs to a value. The only exception is a text that equals
//! no constant: the text search checks whether a text with the signs of all patterns exists.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::analyze::encoding::atoms::{AttributeAtoms, AttributeKey, BucketHash, HashKey};
use crate::analyze::encoding::list_domain::ListDomain;
use crate::analyze::encoding::ordered_domain::{OrderedConstants, OrderedDomain};
use crate::analyze::encoding::ordered_value::OrderedValue;
use crate::analyze::encoding::other_type::OtherType;
use crate::analyze::encoding::text_domain::TextDomain;
use crate::analyze::search::solver::{Literal, Model, Solver};
use crate::bundle::{Bucket, Element, NOW, Operands, Predicate, Quantifier, Type};

/// The domain of one attribute, which is identified by its name and its type.
pub(crate) struct AttributeDomain {
    pub(crate) name: String,
    pub(crate) kind: Type,
    /// True if the context has a value other than null.
    pub(crate) present: Literal,
    /// True if the value has the type. The value need not be one of the attribute's allowed values.
    pub(crate) typed: Literal,
    pub(crate) encoding: DomainEncoding,
}

/// The encoding of an attribute's values, by its type.
pub(crate) enum DomainEncoding {
    /// The literal is true if the value is true.
    Boolean(Literal),
    Ordered(OrderedDomain),
    Text(Box<TextDomain>),
    TextList(ListDomain<String>),
    NumberList(ListDomain<f64>),
}

impl AttributeDomain {
    /// Creates the variables of the attribute. All attributes of the same name share `present`. `hashes` are the hashes
    /// of units. Each hash has a literal for every boundary, which is true if the bucket is below the boundary.
    /// `earlier` is the domain of the attribute's type in the other bundle, if that type comes first in the alphabet.
    pub(crate) fn new(
        solver: &mut Solver,
        key: &AttributeKey,
        atoms: &AttributeAtoms<'_>,
        hashes: &[(&HashKey, &BucketHash, BTreeMap<Bucket, Literal>)],
        present: Literal,
        earlier: Option<&mut Self>,
    ) -> Self {
        let typed = solver.fresh();
        solver.assert([!typed, present]);
        if key.0 == NOW {
            solver.assert([typed]);
        }
        let ordered = |solver: &mut Solver, none: OrderedConstants| {
            DomainEncoding::Ordered(OrderedDomain::new(solver, none.with_constants_of(atoms)))
        };
        let encoding = match atoms.kind {
            Type::Boolean => DomainEncoding::Boolean(solver.fresh()),
            Type::String => {
                let other_type = earlier.and_then(|earlier| earlier.as_other_type());
                DomainEncoding::Text(Box::new(TextDomain::new(solver, key, atoms, hashes, typed, other_type)))
            }
            Type::List(Element::String) => DomainEncoding::TextList(ListDomain::of_texts(solver, atoms)),
            Type::List(Element::Number) => DomainEncoding::NumberList(ListDomain::of_numbers(solver, atoms)),
            Type::Number => ordered(solver, OrderedConstants::Numbers(Vec::new())),
            Type::Semver => ordered(solver, OrderedConstants::Versions(Vec::new())),
            Type::Version => DomainEncoding::Ordered(OrderedDomain::of_versions(
                solver,
                atoms,
                earlier.and_then(|earlier| match &mut earlier.encoding {
                    DomainEncoding::Ordered(ordered) => Some((earlier.typed, ordered)),
                    DomainEncoding::Boolean(_)
                    | DomainEncoding::Text(_)
                    | DomainEncoding::TextList(_)
                    | DomainEncoding::NumberList(_) => None,
                }),
            )),
            Type::Datetime => ordered(solver, OrderedConstants::Times(Vec::new())),
            Type::Ip => ordered(solver, OrderedConstants::Addresses(Vec::new())),
        };
        Self { name: key.0.clone(), kind: atoms.kind, present, typed, encoding }
    }

    /// Returns a literal that is true if the value has the type and, if the attribute is an enum, is an allowed value.
    pub(crate) fn usable(&self, solver: &mut Solver, allowed: Option<&[Box<str>]>) -> Literal {
        let Some(allowed) = allowed else { return self.typed };
        let admits = |text: &str| allowed.iter().any(|value| value.as_ref() == text);
        match &self.encoding {
            DomainEncoding::Text(text) => {
                let inside = text.member(solver, admits);
                solver.all([self.typed, inside])
            }
            DomainEncoding::TextList(list) => {
                let outside = list.constants.iter().filter(|(text, _)| !admits(text)).map(|(_, has)| !*has);
                solver.all(outside.chain([!list.outside_constants, self.typed]).collect::<Vec<_>>())
            }
            DomainEncoding::Boolean(_) | DomainEncoding::Ordered(_) | DomainEncoding::NumberList(_) => self.typed,
        }
    }

    /// Returns a literal that is true if a usable value satisfies the predicate.
    ///
    /// Returns `None` if the predicate does not apply to values of this type. The evaluator then treats it as unknown
    /// for every value. The compiler rejects such a predicate, so only a bundle from another program can contain one.
    pub(crate) fn test(&self, solver: &mut Solver, predicate: &Predicate) -> Option<Literal> {
        match predicate {
            // The encoder handles `Exists`, because it is the only predicate that applies to unusable values.
            Predicate::Exists => None,
            Predicate::OneOf(operands) => self.one_of(solver, operands),
            Predicate::Compare(comparison, operand) => match &self.encoding {
                DomainEncoding::Ordered(ordered) => ordered.compare(solver, *comparison, operand),
                DomainEncoding::Boolean(_)
                | DomainEncoding::Text(_)
                | DomainEncoding::TextList(_)
                | DomainEncoding::NumberList(_) => None,
            },
            Predicate::StartsWith(_)
            | Predicate::EndsWith(_)
            | Predicate::Contains(_)
            | Predicate::Matches(_)
            | Predicate::Folded(_) => match &self.encoding {
                DomainEncoding::Text(text) => text.pattern(predicate),
                DomainEncoding::Boolean(_)
                | DomainEncoding::Ordered(_)
                | DomainEncoding::TextList(_)
                | DomainEncoding::NumberList(_) => None,
            },
            Predicate::Has(quantifier, operands) => self.has(solver, *quantifier, operands),
        }
    }

    fn one_of(&self, solver: &mut Solver, operands: &Operands) -> Option<Literal> {
        match &self.encoding {
            DomainEncoding::Ordered(ordered) => ordered.one_of(solver, operands),
            DomainEncoding::Boolean(value) => match operands {
                Operands::Booleans(booleans) => {
                    Some(solver.any(booleans.iter().map(|boolean| value.apply_sign(*boolean))))
                }
                Operands::Numbers(_)
                | Operands::Texts(_)
                | Operands::Versions(_)
                | Operands::DottedVersions(_)
                | Operands::Times(_)
                | Operands::Networks(_) => None,
            },
            DomainEncoding::Text(text) => match operands {
                Operands::Texts(set) => Some(text.member(solver, |member| set.contains(member))),
                Operands::Booleans(_)
                | Operands::Numbers(_)
                | Operands::Versions(_)
                | Operands::DottedVersions(_)
                | Operands::Times(_)
                | Operands::Networks(_) => None,
            },
            DomainEncoding::TextList(_) | DomainEncoding::NumberList(_) => None,
        }
    }

    fn has(&self, solver: &mut Solver, quantifier: Quantifier, operands: &Operands) -> Option<Literal> {
        let found: Vec<Literal> = match &self.encoding {
            DomainEncoding::TextList(list) => match operands {
                Operands::Texts(set) => set.iter().map(|wanted| list.contains(solver, |text| text == wanted)).collect(),
                Operands::Booleans(_)
                | Operands::Numbers(_)
                | Operands::Versions(_)
                | Operands::DottedVersions(_)
                | Operands::Times(_)
                | Operands::Networks(_) => return None,
            },
            DomainEncoding::NumberList(list) => match operands {
                Operands::Numbers(set) => {
                    set.iter().map(|wanted| list.contains(solver, |number| number == wanted)).collect()
                }
                Operands::Booleans(_)
                | Operands::Texts(_)
                | Operands::Versions(_)
                | Operands::DottedVersions(_)
                | Operands::Times(_)
                | Operands::Networks(_) => return None,
            },
            DomainEncoding::Boolean(_) | DomainEncoding::Ordered(_) | DomainEncoding::Text(_) => return None,
        };
        Some(match quantifier {
            Quantifier::Any => solver.any(found),
            Quantifier::All => solver.all(found),
        })
    }

    /// Adds the constraints between two types of one attribute.
    ///
    /// A text can also be a version, a time or an address: the text domain then knows which of its texts are. A version
    /// can be a semantic version or an address: the domain of the versions then knows which of its pieces have one. An empty
    /// list is a list of texts and a list of numbers. Every other value has at most one of the two types.
    pub(crate) fn relate(&self, other: &Self, solver: &mut Solver) {
        match (&self.encoding, &other.encoding) {
            (DomainEncoding::Ordered(ordered), DomainEncoding::Text(_)) if ordered.syntax().is_some() => {
                solver.assert([!self.typed, other.typed]);
            }
            (DomainEncoding::Ordered(ordered), DomainEncoding::Ordered(versions)) if versions.embeds_other_type() => {
                versions.relate((self.typed, ordered), other.typed, solver);
            }
            (DomainEncoding::TextList(texts), DomainEncoding::NumberList(numbers)) => {
                relate_lists((self.typed, texts), (other.typed, numbers), solver);
            }
            (DomainEncoding::NumberList(numbers), DomainEncoding::TextList(texts)) => {
                relate_lists((self.typed, numbers), (other.typed, texts), solver);
            }
            (
                DomainEncoding::Boolean(_)
                | DomainEncoding::Ordered(_)
                | DomainEncoding::Text(_)
                | DomainEncoding::TextList(_)
                | DomainEncoding::NumberList(_),
                _,
            ) => solver.assert([!self.typed, !other.typed]),
        }
    }

    /// Returns the values of this type that are also texts, or `None` if no text has this type.
    pub(crate) fn as_other_type(&self) -> Option<OtherType> {
        match &self.encoding {
            DomainEncoding::Ordered(ordered) => OtherType::new(self.typed, ordered),
            DomainEncoding::Boolean(_)
            | DomainEncoding::Text(_)
            | DomainEncoding::TextList(_)
            | DomainEncoding::NumberList(_) => None,
        }
    }

    /// Returns the value that the model chooses, as JSON, or `None` if the attribute is absent. `text` is the value if
    /// the model chooses no constant.
    pub(crate) fn value(&self, model: &Model, text: Option<&str>) -> Option<Json> {
        if !model.holds(self.present) {
            return None;
        }
        if !model.holds(self.typed) {
            return Some(if self.kind == Type::String { json!(0) } else { json!("?") });
        }
        match &self.encoding {
            DomainEncoding::Boolean(value) => Some(Json::Bool(model.holds(*value))),
            DomainEncoding::Ordered(ordered) => ordered.value(model),
            DomainEncoding::Text(text_domain) => {
                let class = text_domain.classes.iter().find(|class| model.holds(class.holds));
                class.and_then(|class| class.members.first().map(String::as_str)).or(text).map(Json::from)
            }
            DomainEncoding::TextList(list) => {
                let has = |(text, has): &(String, Literal)| model.holds(*has).then(|| text.clone());
                let mut texts: Vec<String> = list.constants.iter().filter_map(has).collect();
                if model.holds(list.outside_constants) {
                    let taken = |text: &String| list.constants.iter().any(|(constant, _)| constant == text);
                    texts.extend((0..).map(|number| format!("other-{number}")).find(|text| !taken(text)));
                }
                Some(Json::from(texts))
            }
            DomainEncoding::NumberList(list) => {
                let has = |(number, has): &(f64, Literal)| model.holds(*has).then_some(*number);
                let mut numbers: Vec<f64> = list.constants.iter().filter_map(has).collect();
                if model.holds(list.outside_constants) {
                    let taken = |number: &f64| list.constants.iter().any(|(constant, _)| constant == number);
                    numbers.extend((0u32..).map(f64::from).find(|number| !taken(number)));
                }
                Some(numbers.iter().map(f64::to_json).collect())
            }
        }
    }
}

/// Adds the constraints between two types of lists: exactly the empty list has both.
fn relate_lists<L, R>(
    (left_typed, left): (Literal, &ListDomain<L>),
    (right_typed, right): (Literal, &ListDomain<R>),
    solver: &mut Solver,
) {
    for has in left.elements().chain(right.elements()) {
        solver.assert([!left_typed, !right_typed, !has]);
    }
    solver.assert(left.elements().chain([!left_typed, right_typed]));
    solver.assert(right.elements().chain([!right_typed, left_typed]));
}
