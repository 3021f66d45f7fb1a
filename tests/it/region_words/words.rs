//! Reads the words of a region. Only this test needs it: people read the words, and programs read the JSON.

use flagctl::bundle::{AttributeId, Bundle, Condition};
use flagctl::eval::{Context, Truth, Value, decide, holds};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

/// A context, read with the bundle before and after an edit.
pub(super) struct Case<'c> {
    pub(super) json: &'c Json,
    pub(super) sides: [(&'c Bundle, &'c Context<'c>); 2],
    pub(super) now: Timestamp,
}

/// The condition of a region.
#[derive(Debug)]
pub(super) enum Words {
    All(Vec<Words>),
    Any(Vec<Words>),
    /// The words after "unless".
    Not(Box<Words>),
    /// A fact, and the side that it means.
    Fact(Fact, Option<usize>),
}

#[derive(Debug)]
pub(super) enum Fact {
    Missing(String),
    NotMissing(String),
    NoUnit(String),
    Unit(String),
    Not(Box<Fact>),
    Segment(String),
    Flag(String, Vec<String>),
    Test { attribute: String, operator: String, operands: Vec<String>, ignore_case: bool },
}

fn attribute_of(bundle: &Bundle, name: &str) -> AttributeId {
    bundle.attributes().find(name).unwrap()
}

impl Words {
    pub(super) fn parse(text: &str) -> Self {
        if text.is_empty() {
            return Self::All(Vec::new());
        }
        let mut tokens = Tokens { rest: text, text };
        let words = tokens.words();
        assert!(tokens.rest.is_empty(), "{:?} is left of {text:?}", tokens.rest);
        words
    }

    pub(super) fn literals(&self) -> usize {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::literals).sum(),
            Self::Not(inner) => inner.literals(),
            Self::Fact(..) => 1,
        }
    }

    pub(super) fn contains(&self, case: &Case<'_>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.contains(case)),
            Self::Any(parts) => parts.iter().any(|part| part.contains(case)),
            Self::Not(inner) => !inner.contains(case),
            // Words without a side mean the same on both sides.
            Self::Fact(fact, side) => fact.truth(case.sides[side.unwrap_or(1)], case.now) == Truth::True,
        }
    }
}

impl Fact {
    fn truth(&self, (bundle, context): (&Bundle, &Context<'_>), now: Timestamp) -> Truth {
        let value = |name: &str| context.value(attribute_of(bundle, name));
        let is_missing = |name: &str| matches!(value(name), Value::Absent | Value::Null | Value::Unusable(_));
        let is_unit = |name: &str| matches!(value(name), Value::Text(text) if !text.is_empty());
        match self {
            Self::Missing(name) => is_missing(name).into(),
            Self::NotMissing(name) => (!is_missing(name)).into(),
            Self::NoUnit(name) => (!is_unit(name)).into(),
            Self::Unit(name) => is_unit(name).into(),
            Self::Not(inner) => inner.truth((bundle, context), now).not(),
            Self::Segment(name) => {
                let segment = bundle.segments().iter().find(|segment| *segment.name == **name).unwrap();
                holds(bundle, &segment.condition, context, now)
            }
            Self::Flag(key, variants) => {
                let decision = decide(bundle, bundle.flag(key).unwrap(), context, now);
                variants.iter().any(|variant| *decision.variant.name == **variant).into()
            }
            Self::Test { .. } => holds(bundle, &self.condition(bundle), context, now),
        }
    }

    /// Makes the test of a definition from its words.
    fn condition(&self, bundle: &Bundle) -> Condition {
        let Self::Test { attribute, operator, operands, ignore_case } = self else { panic!("{self:?}") };
        let id = attribute_of(bundle, attribute);
        let kind = serde_json::to_value(bundle.attributes().get(id).unwrap()).unwrap()["type"].clone();
        let parsed =
            || operands.iter().map(|operand| serde_json::from_str::<Json>(operand).unwrap()).collect::<Vec<_>>();
        let plain = || operands.iter().map(|operand| Json::from(operand.as_str())).collect::<Vec<_>>();
        let values = || match kind.as_str() {
            Some("string") => json!({"texts": parsed()}),
            Some("number") => json!({"numbers": parsed()}),
            Some("boolean") => json!({"booleans": parsed()}),
            Some("semver") => json!({"versions": plain()}),
            Some("datetime") => json!({"times": plain()}),
            _ => json!({"texts": parsed()}),
        };
        let bound = || match kind.as_str() {
            Some("number") => json!({"number": parsed()[0]}),
            Some("semver") => json!({"version": operands[0]}),
            Some("datetime") => json!({"time": operands[0]}),
            _ => panic!("{self:?}"),
        };
        let text = || parsed()[0].clone();
        let predicate = match (operator.as_str(), ignore_case) {
            ("exists", _) => json!("exists"),
            ("eq" | "in" | "ne" | "not_in", false) => json!({"one-of": values()}),
            ("eq" | "in" | "ne" | "not_in", true) => json!({"folded": {"operator": "equals", "operands": parsed()}}),
            ("lt", _) => json!({"compare": ["less", bound()]}),
            ("lte", _) => json!({"compare": ["less-or-equal", bound()]}),
            ("gt", _) => json!({"compare": ["greater", bound()]}),
            ("gte", _) => json!({"compare": ["greater-or-equal", bound()]}),
            ("starts_with", false) => json!({"starts-with": text()}),
            ("ends_with", false) => json!({"ends-with": text()}),
            ("contains", false) => json!({"contains": text()}),
            ("matches", false) => json!({"matches": text()}),
            ("ends_with", true) => json!({"folded": {"operator": "ends-with", "operands": parsed()}}),
            ("has" | "has_any", _) => json!({"has": ["any", values()]}),
            ("has_all", _) => json!({"has": ["all", values()]}),
            _ => panic!("{self:?}"),
        };
        let is_not = matches!(operator.as_str(), "ne" | "not_in") || (operator == "exists" && operands[0] == "false");
        let sign = if is_not { "is-not" } else { "is" };
        serde_json::from_value(json!({"test": {"attribute": id, "sign": sign, "predicate": predicate}})).unwrap()
    }
}

struct Tokens<'t> {
    rest: &'t str,
    text: &'t str,
}

impl Tokens<'_> {
    fn take(&mut self, expected: &str) -> bool {
        let rest = self.rest.strip_prefix(expected);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// `a and b unless c or d`, or `a or b`.
    fn words(&mut self) -> Words {
        let mut parts = Vec::new();
        if !self.rest.starts_with("unless ") {
            parts.push(self.part());
            while self.take(" and ") {
                parts.push(self.part());
            }
            if parts.len() == 1 && self.rest.starts_with(" or ") {
                while self.take(" or ") {
                    parts.push(self.part());
                }
                return Words::Any(parts);
            }
        }
        if self.take(" unless ") || self.take("unless ") {
            let mut exceptions = vec![self.part()];
            while self.take(" or ") {
                exceptions.push(self.part());
            }
            parts.push(Words::Not(Box::new(Words::Any(exceptions))));
        }
        Words::All(parts)
    }

    /// A fact, or words in parentheses.
    fn part(&mut self) -> Words {
        if self.take("(") {
            let words = self.words();
            assert!(self.take(")"), "{:?} has no `)` at {:?}", self.text, self.rest);
            return words;
        }
        let fact = self.fact();
        let side = if self.take(" (before)") {
            Some(0)
        } else if self.take(" (after)") {
            Some(1)
        } else {
            None
        };
        Words::Fact(fact, side)
    }

    fn name(&mut self) -> String {
        let end = self.rest.find([' ', ')']).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        name.to_owned()
    }

    fn fact(&mut self) -> Fact {
        if self.take("not (") {
            let fact = self.fact();
            assert!(self.take(")"), "{:?}", self.text);
            return Fact::Not(Box::new(fact));
        }
        if self.take("segment ") {
            return Fact::Segment(self.name());
        }
        if self.take("no ") {
            return Fact::NoUnit(self.name());
        }
        if self.take("flag ") {
            let key = self.name();
            assert!(self.take(" serves "), "{:?}", self.text);
            return Fact::Flag(key, vec![self.name()]);
        }
        let attribute = self.name();
        if self.take(" is missing") {
            return Fact::Missing(attribute);
        }
        if self.take(" is not missing") {
            return Fact::NotMissing(attribute);
        }
        if self.take(" is there") {
            return Fact::Unit(attribute);
        }
        assert!(self.take(" "), "{:?}", self.text);
        let operator = self.name();
        assert!(self.take(" "), "{:?}", self.text);
        let operands = if self.take("[") {
            let mut operands = vec![self.operand()];
            while self.take(", ") {
                operands.push(self.operand());
            }
            assert!(self.take("]"), "{:?}", self.text);
            operands
        } else {
            vec![self.operand()]
        };
        let ignore_case = self.take(" ignore_case");
        Fact::Test { attribute, operator, operands, ignore_case }
    }

    /// A JSON text, or anything up to a space or a bracket.
    fn operand(&mut self) -> String {
        let end = if self.rest.starts_with('"') {
            let mut parsed = serde_json::Deserializer::from_str(self.rest).into_iter::<String>();
            parsed.next().unwrap().unwrap();
            parsed.byte_offset()
        } else {
            self.rest.find([' ', ',', ')', ']']).unwrap_or(self.rest.len())
        };
        let (operand, rest) = self.rest.split_at(end);
        self.rest = rest;
        operand.to_owned()
    }
}
