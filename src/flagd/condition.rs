//! Conditions as JsonLogic that is true where they are true, and other that is true where they are false.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use crate::bundle::{
    Attribute, AttributeId, Comparison, Condition, Element, Operands, Ordered, Polarity, Predicate, Quantifier, Test,
    Type,
};
use crate::eval::{Truth, Value, evaluate};
use crate::flagd::guard::{is_boolean, is_list_of_numbers, is_list_of_texts, is_number, is_text};
use crate::flagd::logic::{and, not, number, one_of, or, var};
use crate::flagd::{Writer, text, version};

impl<'b> Writer<'b> {
    /// Logic that is true exactly where the condition is `wanted`, which is true or false.
    pub(super) fn condition(&mut self, condition: &'b Condition, wanted: Truth) -> Json {
        let mut each = |inner: &'b [Condition]| -> Vec<Json> {
            inner.iter().map(|condition| self.condition(condition, wanted)).collect()
        };
        match (condition, wanted) {
            (Condition::All(inner), Truth::True) | (Condition::Any(inner), Truth::False) => and(each(inner)),
            (Condition::All(inner) | Condition::Any(inner), _) => or(each(inner)),
            (Condition::Not(inner), wanted) => self.condition(inner, wanted.not()),
            (Condition::Segment(id), wanted) => self.condition(&self.bundle.segment_at(*id).condition, wanted),
            (Condition::Flag { key, variants }, wanted) => self.serves(self.bundle.flag_at(*key), variants, wanted),
            (Condition::Test(test), wanted) => self.test(test, wanted),
        }
    }

    fn test(&mut self, test: &Test, wanted: Truth) -> Json {
        let Some(attribute) = self.bundle.attributes.get(test.attribute) else { return Json::Bool(false) };
        self.tests += 1;
        // What is written would not be used any more.
        if self.tests > crate::flagd::TESTS {
            return Json::Bool(false);
        }
        let wanted = if test.sign == Polarity::Is { wanted } else { wanted.not() };
        if test.attribute == AttributeId::NOW {
            return self.now(test, wanted);
        }
        let value = self.path(attribute);
        let truth = wanted == Truth::True;
        match (&test.predicate, attribute.kind) {
            (Predicate::Exists, _) if truth => json!({ "!==": [value, null] }),
            (Predicate::Exists, _) => json!({ "===": [value, null] }),
            (predicate, Type::Boolean) => {
                let wanted = |boolean: &bool| evaluate(predicate, &Value::Boolean(*boolean)) == wanted;
                or([true, false].iter().filter(|boolean| wanted(boolean)).map(|boolean| is_boolean(&value, *boolean)))
            }
            (Predicate::OneOf(Operands::Numbers(numbers)), Type::Number) => {
                let equal = one_of(&value, numbers.iter().map(|one| number(*one)).collect());
                and([is_number(&value), if truth { equal } else { not(equal) }])
            }
            (Predicate::Compare(comparison, Ordered::Number(bound)), Type::Number) => {
                let operator = operator(if truth { *comparison } else { opposite(*comparison) });
                and([is_number(&value), json!({ operator: [value, number(*bound)] })])
            }
            (predicate, Type::String) => self.text(test, attribute, &value, predicate, wanted),
            (Predicate::OneOf(Operands::Versions(versions)), Type::Semver)
                if versions.iter().all(version::is_portable) =>
            {
                if truth {
                    version::is_one_of(&value, versions)
                } else {
                    version::is_none_of(&value, versions)
                }
            }
            (Predicate::Compare(comparison, Ordered::Version(bound)), Type::Semver) if version::is_portable(bound) => {
                let comparison = if truth { *comparison } else { opposite(*comparison) };
                version::compare(&value, comparison, bound)
            }
            (Predicate::Has(quantifier, operands), Type::List(element)) => {
                has(attribute, element, &value, *quantifier, operands, wanted)
            }
            (_, Type::Semver) => self.cannot(test, attribute, "flagd's clients do not read so large a version"),
            (_, Type::Datetime) => self.cannot(test, attribute, "flagd compares no moments but the present one"),
            (_, Type::Ip) => self.cannot(test, attribute, "flagd knows no addresses and networks"),
            // A test that does not fit the type is unknown.
            _ => Json::Bool(false),
        }
    }

    fn text(&mut self, test: &Test, attribute: &Attribute, value: &Json, predicate: &Predicate, wanted: Truth) -> Json {
        if let Some(allowed) = &attribute.allowed {
            let fits = |text: &&str| evaluate(predicate, &Value::Text((*text).into())) == wanted;
            return one_of(value, allowed.iter().map(AsRef::as_ref).filter(fits).map(|text| json!(text)).collect());
        }
        match (text::holds(value, predicate), wanted) {
            (Some(holds), Truth::True) => and([is_text(value), holds]),
            (Some(holds), _) => and([is_text(value), not(holds)]),
            (None, _) => {
                self.cannot(test, attribute, "flagd has no regular expressions, and these are too many texts to list")
            }
        }
    }

    /// flagd's clock counts whole seconds, so a bound must be the beginning of one.
    fn now(&mut self, test: &Test, wanted: Truth) -> Json {
        let attribute = Attribute { name: crate::bundle::NOW.into(), kind: Type::Datetime, allowed: None };
        let (comparison, bound) = match &test.predicate {
            Predicate::Exists => return Json::Bool(wanted == Truth::True),
            Predicate::Compare(comparison, Ordered::Time(bound)) => (*comparison, *bound),
            Predicate::OneOf(Operands::Times(_)) => {
                return self.cannot(test, &attribute, "flagd's clock counts whole seconds; write `gte` and `lt`");
            }
            _ => return Json::Bool(false),
        };
        let comparison = if wanted == Truth::True { comparison } else { opposite(comparison) };
        let next = || bound.checked_add(SignedDuration::from_nanos(1)).ok();
        let (operator, bound) = match comparison {
            Comparison::Less => ("<", Some(bound)),
            Comparison::LessOrEqual => ("<", next()),
            Comparison::Greater => (">=", next()),
            Comparison::GreaterOrEqual => (">=", Some(bound)),
        };
        match bound.filter(|bound| bound.subsec_nanosecond() == 0).map(Timestamp::as_second) {
            Some(second) => json!({ operator: [var("$flagd.timestamp"), second] }),
            None => self.cannot(test, &attribute, "flagd's clock counts whole seconds; write `gte` or `lt` with one"),
        }
    }

    fn cannot(&mut self, test: &Test, attribute: &Attribute, why: &str) -> Json {
        self.refuse(format_args!("`{}`: {why}", test.describe(&attribute.name)))
    }

    /// The attribute's value. Clients walk the path through texts and lists, too, and JavaScript's through what it
    /// gives to every value.
    pub(super) fn path(&mut self, attribute: &Attribute) -> Json {
        const NOT_OWN: [&str; 8] =
            ["__proto__", "arguments", "caller", "constructor", "prototype", "toString", "valueOf", "hasOwnProperty"];
        let name = attribute.name.as_ref();
        let inner =
            |(at, word): (usize, &str)| at > 0 && (word == "length" || word.bytes().all(|b| b.is_ascii_digit()));
        let outer =
            |other: &Attribute| name.strip_prefix(other.name.as_ref()).is_some_and(|rest| rest.starts_with('.'));
        if name.split('.').any(|word| NOT_OWN.contains(&word)) || name.split('.').enumerate().any(inner) {
            return self.refuse(format_args!("attribute `{name}`: to JavaScript's client that is a part of any value"));
        }
        if name == "$flagd" || name.starts_with("$flagd.") {
            return self.refuse(format_args!("attribute `{name}`: flagd sets it itself"));
        }
        if let Some((_, other)) = self.bundle.attributes.iter().find(|(_, other)| outer(other)) {
            return self.refuse(format_args!("attribute `{name}`: flagd looks for it inside of `{}`", other.name));
        }
        var(name)
    }
}

fn has(
    attribute: &Attribute,
    element: Element,
    value: &Json,
    quantifier: Quantifier,
    operands: &Operands,
    wanted: Truth,
) -> Json {
    let (guard, operands): (Json, Vec<Json>) = match (element, operands) {
        (Element::String, Operands::Texts(texts)) => {
            (is_list_of_texts(value, attribute.allowed.as_deref()), texts.iter().map(|text| json!(text)).collect())
        }
        (Element::Number, Operands::Numbers(numbers)) => {
            (is_list_of_numbers(value), numbers.iter().map(|one| number(*one)).collect())
        }
        _ => return Json::Bool(false),
    };
    let each = operands.iter().map(|one| json!({ "in": [one, value] }));
    let holds = match quantifier {
        Quantifier::Any => or(each),
        Quantifier::All => and(each),
    };
    and([guard, if wanted == Truth::True { holds } else { not(holds) }])
}

fn opposite(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::GreaterOrEqual,
        Comparison::LessOrEqual => Comparison::Greater,
        Comparison::Greater => Comparison::LessOrEqual,
        Comparison::GreaterOrEqual => Comparison::Less,
    }
}

fn operator(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Less => "<",
        Comparison::LessOrEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterOrEqual => ">=",
    }
}
