//! The values that one attribute can have, as propositions.
//!
//! Takes what is asked of the attribute; gives a literal for each question, and a value for each model.
//!
//! **Invariant:** every assignment that the clauses admit belongs to a value, save that the signs of patterns of a
//! text that equals no constant remain to be checked.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use crate::analyze::atoms::{Asked, AttributeKey, Hash, HashKey};
use crate::analyze::automaton::{Pattern, Shape, Texts};
use crate::analyze::interval::{Axis, Constants};
use crate::analyze::ordered_value::{Point, arrange};
use crate::analyze::solver::{Literal, Model, Solver};
use crate::bundle::{Bucket, Element, NOW, Operands, Predicate, Quantifier, Type};

/// One attribute of a name and a type.
pub(super) struct Domain {
    pub(super) name: String,
    pub(super) kind: Type,
    /// The context has a value other than null.
    pub(super) present: Literal,
    /// The value is of the type, enum aside.
    pub(super) typed: Literal,
    pub(super) form: Form,
}

pub(super) enum Form {
    Boolean(Literal),
    Ordered(Axis),
    Text(Box<Text>),
    Texts(Elements<String>),
    Numbers(Elements<f64>),
}

/// Texts that nothing tells apart.
pub(super) struct Class {
    pub(super) holds: Literal,
    pub(super) members: Vec<String>,
}

pub(super) struct Text {
    pub(super) classes: Vec<Class>,
    /// The text is none of the constants.
    pub(super) other: Literal,
    pub(super) shapes: BTreeMap<Shape, usize>,
    pub(super) signs: Vec<Literal>,
    pub(super) texts: Texts,
}

pub(super) struct Elements<T> {
    constants: Vec<(T, Literal)>,
    /// The list has something that is none of the constants.
    other: Literal,
}

impl Domain {
    pub(super) fn new(
        solver: &mut Solver,
        key: &AttributeKey,
        asked: &Asked<'_>,
        hashes: &[(&HashKey, &Hash, BTreeMap<Bucket, Literal>)],
        present: Literal,
    ) -> Self {
        let typed = solver.fresh();
        solver.assert([!typed, present]);
        if key.0 == NOW {
            solver.assert([typed]);
        }
        let form = match asked.kind {
            Type::Boolean => Form::Boolean(solver.fresh()),
            Type::String => Form::Text(Box::new(Text::new(solver, key, asked, hashes))),
            Type::List(Element::String) => Form::Texts(elements_of_texts(solver, asked)),
            Type::List(Element::Number) => Form::Numbers(elements_of_numbers(solver, asked)),
            Type::Number | Type::Semver | Type::Datetime | Type::Ip => {
                Form::Ordered(Axis::new(solver, Constants::gather(asked)))
            }
        };
        Self { name: key.0.clone(), kind: asked.kind, present, typed, form }
    }

    /// The value is of the type and, where there are only so many, one of those.
    pub(super) fn usable(&self, solver: &mut Solver, allowed: Option<&[Box<str>]>) -> Literal {
        let Some(allowed) = allowed else { return self.typed };
        let admits = |text: &str| allowed.iter().any(|one| one.as_ref() == text);
        match &self.form {
            Form::Text(text) => {
                let inside = text.member(solver, admits);
                solver.all([self.typed, inside])
            }
            Form::Texts(elements) => {
                let outside = elements.constants.iter().filter(|(text, _)| !admits(text)).map(|(_, has)| !*has);
                solver.all(outside.chain([!elements.other, self.typed]).collect::<Vec<_>>())
            }
            _ => self.typed,
        }
    }

    /// The predicate holds of a usable value; none where it never tells.
    pub(super) fn test(&self, solver: &mut Solver, predicate: &Predicate) -> Option<Literal> {
        Some(match (&self.form, predicate) {
            (Form::Boolean(value), Predicate::OneOf(Operands::Booleans(booleans))) => {
                solver.any(booleans.iter().map(|boolean| value.apply_sign(*boolean)))
            }
            (Form::Ordered(axis), Predicate::OneOf(operands)) => axis.one_of(solver, operands)?,
            (Form::Ordered(axis), Predicate::Compare(comparison, operand)) => {
                axis.compare(solver, *comparison, operand)?
            }
            (Form::Text(text), Predicate::OneOf(Operands::Texts(set))) => {
                text.member(solver, |member| set.contains(member))
            }
            (Form::Text(text), predicate) => {
                let at = text.shapes.get(&Shape::of(predicate)?)?;
                *text.signs.get(*at)?
            }
            (Form::Texts(elements), Predicate::Has(quantifier, Operands::Texts(set))) => {
                let found = set.iter().map(|wanted| elements.find(solver, |text| text == wanted)).collect();
                quantified(solver, *quantifier, found)
            }
            (Form::Numbers(elements), Predicate::Has(quantifier, Operands::Numbers(set))) => {
                let found = set.iter().map(|wanted| elements.find(solver, |number| number == wanted)).collect();
                quantified(solver, *quantifier, found)
            }
            _ => return None,
        })
    }

    /// Whether a value can be of both types.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let shape = |kind: Type| match kind {
            Type::Boolean => 0,
            Type::Number => 1,
            Type::String | Type::Semver | Type::Datetime | Type::Ip => 2,
            Type::List(_) => 3,
        };
        shape(self.kind) == shape(other.kind)
    }

    /// The value in the model as a context has it; `text` where the model leaves it open.
    pub(super) fn value(&self, model: &Model, text: Option<&str>) -> Option<Json> {
        if !model.holds(self.present) {
            return None;
        }
        if !model.holds(self.typed) {
            return Some(if self.kind == Type::String { json!(0) } else { json!("?") });
        }
        match &self.form {
            Form::Boolean(value) => Some(Json::Bool(model.holds(*value))),
            Form::Ordered(axis) => axis.value(model),
            Form::Text(form) => {
                let class = form.classes.iter().find(|class| model.holds(class.holds));
                class.and_then(|class| class.members.first().map(String::as_str)).or(text).map(Json::from)
            }
            Form::Texts(elements) => {
                let has = |(text, has): &(String, Literal)| model.holds(*has).then(|| text.clone());
                let mut texts: Vec<String> = elements.constants.iter().filter_map(has).collect();
                if model.holds(elements.other) {
                    let taken = |text: &String| elements.constants.iter().any(|(constant, _)| constant == text);
                    texts.extend((0..).map(|at| format!("other-{at}")).find(|text| !taken(text)));
                }
                Some(Json::from(texts))
            }
            Form::Numbers(elements) => {
                let has = |(number, has): &(f64, Literal)| model.holds(*has).then(|| number.json());
                Some(elements.constants.iter().filter_map(has).collect())
            }
        }
    }
}

fn quantified(solver: &mut Solver, quantifier: Quantifier, found: Vec<Literal>) -> Literal {
    match quantifier {
        Quantifier::Any => solver.any(found),
        Quantifier::All => solver.all(found),
    }
}

impl Text {
    fn new(
        solver: &mut Solver,
        key: &AttributeKey,
        asked: &Asked<'_>,
        hashes: &[(&HashKey, &Hash, BTreeMap<Bucket, Literal>)],
    ) -> Self {
        let shapes: BTreeSet<Shape> = asked.predicates.iter().filter_map(|predicate| Shape::of(predicate)).collect();
        let patterns: Vec<_> = shapes.iter().map(Pattern::of).collect();
        let sets: Vec<_> = asked.predicates.iter().filter_map(|predicate| text_set(predicate)).collect();
        let mut constants: BTreeSet<&str> = sets.iter().flat_map(|set| set.iter()).collect();
        constants.extend(asked.allowed.iter().flat_map(|allowed| allowed.iter().map(AsRef::as_ref)));
        if asked.unit {
            constants.insert("");
        }
        let hashes: Vec<_> = hashes.iter().filter(|(_, hash, _)| hash.unit == *key).collect();
        let mut alike: BTreeMap<(Vec<bool>, Vec<usize>), Vec<String>> = BTreeMap::new();
        for text in &constants {
            let of_sets = sets.iter().map(|set| set.contains(text));
            let of_enums = asked.allowed.iter().map(|allowed| allowed.iter().any(|one| one.as_ref() == *text));
            let of_patterns = patterns.iter().map(|pattern| pattern.matches(text));
            let traits = of_sets.chain(of_enums).chain(of_patterns).chain([text.is_empty()]).collect();
            let bucket = |hash: &Hash| hash.bucketer.bucket(hash.domain, text);
            let cells = hashes.iter().map(|(_, hash, _)| hash.ends.range(..=bucket(hash)).count()).collect();
            alike.entry((traits, cells)).or_default().push((*text).to_owned());
        }
        let mut groups: Vec<Vec<String>> = alike.into_values().collect();
        groups.sort();
        let signs: Vec<Literal> = patterns.iter().map(|_| solver.fresh()).collect();
        let mut classes = Vec::with_capacity(groups.len());
        let mut before = !solver.truth();
        for members in groups {
            let upto = solver.fresh();
            solver.assert([!before, upto]);
            let holds = solver.all([upto, !before]);
            let first = members.first().map_or("", String::as_str);
            for (pattern, sign) in patterns.iter().zip(&signs) {
                solver.assert([!holds, sign.apply_sign(pattern.matches(first))]);
            }
            for (_, hash, below) in &hashes {
                let bucket = hash.bucketer.bucket(hash.domain, first);
                for (end, literal) in below {
                    solver.assert([!holds, literal.apply_sign(bucket < *end)]);
                }
            }
            classes.push(Class { holds, members });
            before = upto;
        }
        let excluded = constants.iter().map(|text| (*text).to_owned()).collect();
        let shapes = shapes.into_iter().enumerate().map(|(at, shape)| (shape, at)).collect();
        Self { classes, other: !before, shapes, signs, texts: Texts::new(patterns, excluded) }
    }

    fn member(&self, solver: &mut Solver, admits: impl Fn(&str) -> bool) -> Literal {
        let inside = |class: &&Class| class.members.first().is_some_and(|first| admits(first));
        solver.any(self.classes.iter().filter(inside).map(|class| class.holds).collect::<Vec<_>>())
    }

    /// The text is the empty one, which is no unit.
    pub(super) fn empty(&self, solver: &mut Solver) -> Literal {
        self.member(solver, str::is_empty)
    }
}

fn text_set<'b>(predicate: &&'b Predicate) -> Option<&'b crate::bundle::TextSet> {
    match *predicate {
        Predicate::OneOf(Operands::Texts(set)) => Some(set),
        _ => None,
    }
}

impl<T> Elements<T> {
    fn find(&self, solver: &Solver, same: impl Fn(&T) -> bool) -> Literal {
        self.constants.iter().find(|(constant, _)| same(constant)).map_or(!solver.truth(), |(_, has)| *has)
    }
}

fn elements_of_texts(solver: &mut Solver, asked: &Asked<'_>) -> Elements<String> {
    let mut texts: BTreeSet<&str> =
        asked.allowed.iter().flat_map(|allowed| allowed.iter().map(AsRef::as_ref)).collect();
    for predicate in &asked.predicates {
        if let Predicate::Has(_, Operands::Texts(set)) = predicate {
            texts.extend(set.iter());
        }
    }
    let constants = texts.into_iter().map(|text| (text.to_owned(), solver.fresh())).collect();
    Elements { constants, other: solver.fresh() }
}

fn elements_of_numbers(solver: &mut Solver, asked: &Asked<'_>) -> Elements<f64> {
    let mut numbers: Vec<f64> = Vec::new();
    for predicate in &asked.predicates {
        if let Predicate::Has(_, Operands::Numbers(set)) = predicate {
            numbers.extend(set.iter().filter(|number| number.possible()));
        }
    }
    arrange(&mut numbers);
    let constants = numbers.into_iter().map(|number| (number, solver.fresh())).collect();
    Elements { constants, other: !solver.truth() }
}
