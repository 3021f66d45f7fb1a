//! Writes conditions as JsonLogic. There are two forms of each condition: one is true if the condition is true, the
//! other one is true if the condition is false.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use crate::bundle::{
    Attribute, AttributeId, Comparison, Condition, Element, NOW, Operands, Ordered, Polarity, Predicate, Quantifier,
    Test, Type,
};
use crate::eval::{Value, evaluate};
use crate::flagd::json_logic::{and, not, number, one_of, or, var};
use crate::flagd::text_predicate::{TextLogic, text_logic};
use crate::flagd::type_guard::{is_boolean, is_list_of_numbers, is_list_of_texts, is_number, is_text};
use crate::flagd::version;
use crate::flagd::writer::{Cause, Form, MAX_TESTS, Writer};

/// The JsonLogic of a test that does not fit the type of its attribute. Such a test is unknown for every context, so
/// both forms are false. The compiler rejects such tests, so this value never occurs in an export.
const UNFIT: Json = Json::Bool(false);

/// The advice for a test that only the application can compute.
const COMPUTED: &str = "let the application compare, and send the result as an attribute of type `boolean`";

impl<'b> Writer<'b> {
    /// Returns JsonLogic for the condition in the given form.
    pub(super) fn condition(&mut self, condition: &'b Condition, form: Form) -> Json {
        match (condition, form) {
            (Condition::All(inner), Form::WhereTrue) | (Condition::Any(inner), Form::WhereFalse) => {
                and(self.conditions(inner, form))
            }
            (Condition::All(inner), Form::WhereFalse) | (Condition::Any(inner), Form::WhereTrue) => {
                or(self.conditions(inner, form))
            }
            (Condition::Not(inner), form) => self.condition(inner, form.negated()),
            (Condition::Segment(id), form) => self.condition(&self.bundle.segment_at(*id).condition, form),
            (Condition::Flag { key, variants }, form) => self.serves(self.bundle.flag_at(*key), variants, form),
            (Condition::Test(test), form) => self.test(test, form),
        }
    }

    fn conditions(&mut self, conditions: &'b [Condition], form: Form) -> Vec<Json> {
        conditions.iter().map(|condition| self.condition(condition, form)).collect()
    }

    fn test(&mut self, test: &Test, form: Form) -> Json {
        let Some(attribute) = self.bundle.attributes.get(test.attribute) else { return UNFIT };
        self.tests += 1;
        if self.tests > MAX_TESTS {
            // The export rejects the flag later, so this result is not used.
            return UNFIT;
        }
        let form = match test.sign {
            Polarity::Is => form,
            Polarity::IsNot => form.negated(),
        };
        if test.attribute == AttributeId::NOW {
            return self.now_test(test, form);
        }
        let value = self.path(attribute);
        if let Predicate::Exists = test.predicate {
            return match form {
                Form::WhereTrue => json!({ "!==": [value, null] }),
                Form::WhereFalse => json!({ "===": [value, null] }),
            };
        }
        match attribute.kind {
            Type::Boolean => {
                let selected = |boolean: &bool| form.selects(evaluate(&test.predicate, &Value::Boolean(*boolean)));
                or([true, false].iter().filter(|boolean| selected(boolean)).map(|boolean| is_boolean(&value, *boolean)))
            }
            Type::Number => number_test(&value, &test.predicate, form),
            Type::String => self.text_test(test, attribute, &value, form),
            Type::Semver => self.version_test(test, attribute, &value, form),
            Type::Version => self.refuse_test(
                test,
                attribute,
                "flagd compares only versions of exactly three numbers; declare it as `semver`",
                "declare the attribute as `semver`, if its versions have exactly three numbers",
            ),
            Type::Datetime => self.refuse_test(test, attribute, "flagd compares only the current time", COMPUTED),
            Type::Ip => self.refuse_test(test, attribute, "flagd has no addresses and networks", COMPUTED),
            Type::List(element) => list_test(attribute, element, &value, &test.predicate, form),
        }
    }

    fn text_test(&mut self, test: &Test, attribute: &Attribute, value: &Json, form: Form) -> Json {
        if let Some(allowed) = &attribute.allowed {
            let selected = |text: &&str| form.selects(evaluate(&test.predicate, &Value::Text((*text).into())));
            return one_of(value, allowed.iter().map(AsRef::as_ref).filter(selected).map(|text| json!(text)).collect());
        }
        match (text_logic(value, &test.predicate), form) {
            (TextLogic::Holds(holds), Form::WhereTrue) => and([is_text(value), holds]),
            (TextLogic::Holds(holds), Form::WhereFalse) => and([is_text(value), not(holds)]),
            (TextLogic::Unfit, _) => UNFIT,
            (TextLogic::TooManyTexts, _) => self.refuse_test(
                test,
                attribute,
                "flagd has no regular expressions, and this one matches too many texts to list them",
                "write `starts_with`, `ends_with`, `contains` or `in`",
            ),
        }
    }

    fn version_test(&mut self, test: &Test, attribute: &Attribute, value: &Json, form: Form) -> Json {
        let comparison = match test.predicate.comparison() {
            Some((comparison, Ordered::Version(bound))) => Some((comparison, bound)),
            Some((_, Ordered::Number(_) | Ordered::DottedVersion(_) | Ordered::Time(_))) | None => None,
        };
        let versions = match (comparison, test.predicate.one_of()) {
            (Some((_, bound)), _) => std::slice::from_ref(bound),
            (None, Some(Operands::Versions(versions))) => versions.as_ref(),
            (None, _) => return UNFIT,
        };
        if !versions.iter().all(version::is_portable) {
            let why = "flagd's JavaScript client does not read so large a version";
            return self.refuse_test(test, attribute, why, "compare with a version of smaller numbers");
        }
        match (comparison, form) {
            (Some((comparison, bound)), form) => version::compare(value, in_form(comparison, form), bound),
            (None, Form::WhereTrue) => version::is_one_of(value, versions),
            (None, Form::WhereFalse) => version::is_none_of(value, versions),
        }
    }

    /// Returns JsonLogic that tests the current time. flagd's clock counts full seconds, so a bound must be a full
    /// second.
    fn now_test(&mut self, test: &Test, form: Form) -> Json {
        let attribute = Attribute { name: NOW.into(), kind: Type::Datetime, allowed: None };
        let (comparison, bound) = match &test.predicate {
            Predicate::Exists => return Json::Bool(form == Form::WhereTrue),
            Predicate::Compare(comparison, Ordered::Time(bound)) => (*comparison, *bound),
            Predicate::OneOf(Operands::Times(_)) => {
                let why = "flagd's clock counts whole seconds; write `gte` and `lt`";
                return self.refuse_test(test, &attribute, why, "write `gte` and `lt` with whole seconds");
            }
            Predicate::OneOf(_)
            | Predicate::Compare(..)
            | Predicate::StartsWith(_)
            | Predicate::EndsWith(_)
            | Predicate::Contains(_)
            | Predicate::Matches(_)
            | Predicate::Folded(_)
            | Predicate::Has(..) => return UNFIT,
        };
        let next = || bound.checked_add(SignedDuration::from_nanos(1)).ok();
        let (operator, bound) = match in_form(comparison, form) {
            Comparison::Less => ("<", Some(bound)),
            Comparison::LessOrEqual => ("<", next()),
            Comparison::Greater => (">=", next()),
            Comparison::GreaterOrEqual => (">=", Some(bound)),
        };
        match bound.filter(|bound| bound.subsec_nanosecond() == 0).map(Timestamp::as_second) {
            Some(second) => json!({ operator: [var("$flagd.timestamp"), second] }),
            None => self.refuse_test(
                test,
                &attribute,
                "flagd's clock counts whole seconds; write `gte` or `lt` with a whole second",
                "write `gte` or `lt` with a whole second",
            ),
        }
    }

    fn refuse_test(&mut self, test: &Test, attribute: &Attribute, why: &str, help: &'static str) -> Json {
        let cause = Cause::Attribute(attribute.name.to_string());
        self.refuse(cause, format_args!("`{}`: {why}", test.summarize(&attribute.name)), help)
    }

    /// Returns JsonLogic for the attribute's value. Clients also look up the parts of a path in texts and lists, and
    /// the JavaScript client looks them up in the properties that every value has. The function refuses names for which
    /// such a lookup could find a value.
    pub(super) fn path(&mut self, attribute: &Attribute) -> Json {
        const NOT_OWN: [&str; 8] =
            ["__proto__", "arguments", "caller", "constructor", "prototype", "toString", "valueOf", "hasOwnProperty"];
        let name = attribute.name.as_ref();
        let is_inner_property =
            |(index, word): (usize, &str)| index > 0 && (word == "length" || word.bytes().all(|b| b.is_ascii_digit()));
        let is_outer =
            |outer: &Attribute| name.strip_prefix(outer.name.as_ref()).is_some_and(|rest| rest.starts_with('.'));
        if name.split('.').any(|word| NOT_OWN.contains(&word)) || name.split('.').enumerate().any(is_inner_property) {
            let why = "the JavaScript client finds a property with this name in every value";
            return self.refuse_attribute(name, why);
        }
        if name == "$flagd" || name.starts_with("$flagd.") {
            return self.refuse_attribute(name, "flagd sets this attribute itself");
        }
        if let Some((_, outer)) = self.bundle.attributes.iter().find(|(_, outer)| is_outer(outer)) {
            return self.refuse_attribute(name, &format!("flagd looks it up inside `{}`", outer.name));
        }
        var(name)
    }

    fn refuse_attribute(&mut self, name: &str, why: &str) -> Json {
        let cause = Cause::Attribute(name.to_owned());
        self.refuse(cause, format_args!("attribute `{name}`: {why}"), "give the attribute another name")
    }
}

fn number_test(value: &Json, predicate: &Predicate, form: Form) -> Json {
    if let Some(Operands::Numbers(numbers)) = predicate.one_of() {
        let equal = one_of(value, numbers.iter().copied().map(number).collect());
        let holds = match form {
            Form::WhereTrue => equal,
            Form::WhereFalse => not(equal),
        };
        return and([is_number(value), holds]);
    }
    if let Some((comparison, Ordered::Number(bound))) = predicate.comparison() {
        let operator = operator(in_form(comparison, form));
        return and([is_number(value), json!({ operator: [value, number(*bound)] })]);
    }
    UNFIT
}

fn list_test(attribute: &Attribute, element: Element, value: &Json, predicate: &Predicate, form: Form) -> Json {
    let (quantifier, operands) = match predicate {
        Predicate::Has(quantifier, operands) => (*quantifier, operands),
        Predicate::Exists
        | Predicate::OneOf(_)
        | Predicate::Compare(..)
        | Predicate::StartsWith(_)
        | Predicate::EndsWith(_)
        | Predicate::Contains(_)
        | Predicate::Matches(_)
        | Predicate::Folded(_) => return UNFIT,
    };
    let (guard, operands): (Json, Vec<Json>) = match (element, operands) {
        (Element::String, Operands::Texts(texts)) => {
            (is_list_of_texts(value, attribute.allowed.as_deref()), texts.iter().map(|text| json!(text)).collect())
        }
        (Element::Number, Operands::Numbers(numbers)) => {
            (is_list_of_numbers(value), numbers.iter().copied().map(number).collect())
        }
        (Element::String | Element::Number, _) => return UNFIT,
    };
    let contained = operands.iter().map(|operand| json!({ "in": [operand, value] }));
    let holds = match quantifier {
        Quantifier::Any => or(contained),
        Quantifier::All => and(contained),
    };
    match form {
        Form::WhereTrue => and([guard, holds]),
        Form::WhereFalse => and([guard, not(holds)]),
    }
}

/// Returns the comparison in the given form: `comparison` itself, or the comparison that is true if `comparison` is
/// false.
fn in_form(comparison: Comparison, form: Form) -> Comparison {
    match form {
        Form::WhereTrue => comparison,
        Form::WhereFalse => opposite(comparison),
    }
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
