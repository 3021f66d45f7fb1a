//! The values that one attribute can have, as propositional variables.
//!
//! Takes the atoms of the attribute; gives a literal for each predicate, and a value for each model. The values are divided
//! into finitely many classes, so that the solver chooses a class and never a value.
//!
//! **Invariant:** every assignment that the clauses admit belongs to a value. The one exception is a text that equals no
//! constant: whether a text has the signs of all patterns is checked by the search for a text.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::analyze::encoding::atoms::{AttributeAtoms, AttributeKey, BucketHash, HashKey};
use crate::analyze::encoding::dfa::PatternKey;
use crate::analyze::encoding::list_domain::{ListDomain, elements_of_numbers, elements_of_texts, quantified};
use crate::analyze::encoding::ordered_domain::{OrderedConstants, OrderedDomain};
use crate::analyze::encoding::ordered_value::OrderedValue;
use crate::analyze::encoding::text_domain::TextDomain;
use crate::analyze::search::solver::{Literal, Model, Solver};
use crate::bundle::{Bucket, Element, NOW, Operands, Predicate, Type};

/// One attribute of a name and a type.
pub(crate) struct AttributeDomain {
    pub(crate) name: String,
    pub(crate) kind: Type,
    /// The context has a value other than null.
    pub(crate) present: Literal,
    /// The value is of the type, enum aside.
    pub(crate) typed: Literal,
    pub(crate) encoding: DomainEncoding,
}

pub(crate) enum DomainEncoding {
    Boolean(Literal),
    Ordered(OrderedDomain),
    Text(Box<TextDomain>),
    TextList(ListDomain<String>),
    NumberList(ListDomain<f64>),
}

impl AttributeDomain {
    pub(crate) fn new(
        solver: &mut Solver,
        key: &AttributeKey,
        asked: &AttributeAtoms<'_>,
        hashes: &[(&HashKey, &BucketHash, BTreeMap<Bucket, Literal>)],
        present: Literal,
    ) -> Self {
        let typed = solver.fresh();
        solver.assert([!typed, present]);
        if key.0 == NOW {
            solver.assert([typed]);
        }
        let encoding = match asked.kind {
            Type::Boolean => DomainEncoding::Boolean(solver.fresh()),
            Type::String => DomainEncoding::Text(Box::new(TextDomain::new(solver, key, asked, hashes))),
            Type::List(Element::String) => DomainEncoding::TextList(elements_of_texts(solver, asked)),
            Type::List(Element::Number) => DomainEncoding::NumberList(elements_of_numbers(solver, asked)),
            Type::Number | Type::Semver | Type::Datetime | Type::Ip => {
                DomainEncoding::Ordered(OrderedDomain::new(solver, OrderedConstants::gather(asked)))
            }
        };
        Self { name: key.0.clone(), kind: asked.kind, present, typed, encoding }
    }

    /// The value is of the type and, where there are only so many, one of those.
    pub(crate) fn usable(&self, solver: &mut Solver, allowed: Option<&[Box<str>]>) -> Literal {
        let Some(allowed) = allowed else { return self.typed };
        let admits = |text: &str| allowed.iter().any(|one| one.as_ref() == text);
        match &self.encoding {
            DomainEncoding::Text(text) => {
                let inside = text.member(solver, admits);
                solver.all([self.typed, inside])
            }
            DomainEncoding::TextList(elements) => {
                let outside = elements.constants.iter().filter(|(text, _)| !admits(text)).map(|(_, has)| !*has);
                solver.all(outside.chain([!elements.other, self.typed]).collect::<Vec<_>>())
            }
            _ => self.typed,
        }
    }

    /// The predicate holds of a usable value; none where it never tells.
    pub(crate) fn test(&self, solver: &mut Solver, predicate: &Predicate) -> Option<Literal> {
        Some(match (&self.encoding, predicate) {
            (DomainEncoding::Boolean(value), Predicate::OneOf(Operands::Booleans(booleans))) => {
                solver.any(booleans.iter().map(|boolean| value.apply_sign(*boolean)))
            }
            (DomainEncoding::Ordered(axis), Predicate::OneOf(operands)) => axis.one_of(solver, operands)?,
            (DomainEncoding::Ordered(axis), Predicate::Compare(comparison, operand)) => {
                axis.compare(solver, *comparison, operand)?
            }
            (DomainEncoding::Text(text), Predicate::OneOf(Operands::Texts(set))) => {
                text.member(solver, |member| set.contains(member))
            }
            (DomainEncoding::Text(text), predicate) => {
                let at = text.pattern_keys.get(&PatternKey::new(predicate)?)?;
                *text.signs.get(*at)?
            }
            (DomainEncoding::TextList(elements), Predicate::Has(quantifier, Operands::Texts(set))) => {
                let found = set.iter().map(|wanted| elements.find(solver, |text| text == wanted)).collect();
                quantified(solver, *quantifier, found)
            }
            (DomainEncoding::NumberList(elements), Predicate::Has(quantifier, Operands::Numbers(set))) => {
                let found = set.iter().map(|wanted| elements.find(solver, |number| number == wanted)).collect();
                quantified(solver, *quantifier, found)
            }
            _ => return None,
        })
    }

    /// Whether a value can be of both types.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let pattern_key = |kind: Type| match kind {
            Type::Boolean => 0,
            Type::Number => 1,
            Type::String | Type::Semver | Type::Datetime | Type::Ip => 2,
            Type::List(_) => 3,
        };
        pattern_key(self.kind) == pattern_key(other.kind)
    }

    /// The value in the model as a context has it; `text` where the model leaves it open.
    pub(crate) fn value(&self, model: &Model, text: Option<&str>) -> Option<Json> {
        if !model.holds(self.present) {
            return None;
        }
        if !model.holds(self.typed) {
            return Some(if self.kind == Type::String { json!(0) } else { json!("?") });
        }
        match &self.encoding {
            DomainEncoding::Boolean(value) => Some(Json::Bool(model.holds(*value))),
            DomainEncoding::Ordered(axis) => axis.value(model),
            DomainEncoding::Text(encoding) => {
                let class = encoding.classes.iter().find(|class| model.holds(class.holds));
                class.and_then(|class| class.members.first().map(String::as_str)).or(text).map(Json::from)
            }
            DomainEncoding::TextList(elements) => {
                let has = |(text, has): &(String, Literal)| model.holds(*has).then(|| text.clone());
                let mut texts: Vec<String> = elements.constants.iter().filter_map(has).collect();
                if model.holds(elements.other) {
                    let taken = |text: &String| elements.constants.iter().any(|(constant, _)| constant == text);
                    texts.extend((0..).map(|at| format!("other-{at}")).find(|text| !taken(text)));
                }
                Some(Json::from(texts))
            }
            DomainEncoding::NumberList(elements) => {
                let has = |(number, has): &(f64, Literal)| model.holds(*has).then(|| number.to_json());
                Some(elements.constants.iter().filter_map(has).collect())
            }
        }
    }
}
