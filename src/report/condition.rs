//! Tests and values in the words of whoever wrote them.

use crate::bundle::{Operands, Ordered, Predicate, Quantifier, Sign, Test, TextOperator};
use crate::eval::Value;

/// So many operands are written out.
const SHOWN: usize = 6;

/// `country in [CA, US]`: what was expected.
pub(super) fn expected(attribute: &str, test: &Test) -> String {
    let plain = test.sign == Sign::Is;
    let one_or_many = |operands: &[String], is: (&str, &str), is_not: (&str, &str)| {
        let (one, many) = if plain { is } else { is_not };
        match operands {
            [only] => format!("{attribute} {one} {only}"),
            _ => format!("{attribute} {many} {}", list(operands)),
        }
    };
    match &test.predicate {
        Predicate::Exists => format!("{attribute} exists {plain}"),
        Predicate::OneOf(operands) => one_or_many(&each(operands), ("eq", "in"), ("ne", "not_in")),
        Predicate::Compare(comparison, operand) => format!("{attribute} {} {}", comparison.name(), ordered(operand)),
        Predicate::StartsWith(text) => format!("{attribute} starts_with {}", quoted(text)),
        Predicate::EndsWith(text) => format!("{attribute} ends_with {}", quoted(text)),
        Predicate::Contains(text) => format!("{attribute} contains {}", quoted(text)),
        Predicate::Matches(pattern) => format!("{attribute} matches {}", quoted(pattern.as_str())),
        Predicate::Folded(folded) => {
            let operands: Vec<_> = folded.operands().iter().map(quoted).collect();
            let test = match folded.operator() {
                TextOperator::Equals => one_or_many(&operands, ("eq", "in"), ("ne", "not_in")),
                TextOperator::StartsWith => format!("{attribute} starts_with {}", operands.join(", ")),
                TextOperator::EndsWith => format!("{attribute} ends_with {}", operands.join(", ")),
                TextOperator::Contains => format!("{attribute} contains {}", operands.join(", ")),
                TextOperator::Matches => format!("{attribute} matches {}", operands.join(", ")),
            };
            format!("{test} ignore_case")
        }
        Predicate::Has(Quantifier::Any, operands) => one_or_many(&each(operands), ("has", "has_any"), ("", "")),
        Predicate::Has(Quantifier::All, operands) => format!("{attribute} has_all {}", list(&each(operands))),
    }
}

/// What a context has instead; and why that is of no use, where it is not.
pub(super) fn found(value: &Value<'_>) -> String {
    let texts = |items: Vec<String>| list(&items);
    match value {
        Value::Absent => "missing".to_owned(),
        Value::Null => "null".to_owned(),
        Value::Unusable(json) => format!("unusable: {json}"),
        Value::Boolean(boolean) => boolean.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => quoted(text),
        Value::Version(version) => version.to_string(),
        Value::Time(time) => time.to_string(),
        Value::Address(address) => address.to_string(),
        Value::Texts(items) => texts(items.iter().map(quoted).collect()),
        Value::Numbers(numbers) => texts(numbers.iter().map(f64::to_string).collect()),
    }
}

fn list(items: &[String]) -> String {
    let more = items.len().saturating_sub(SHOWN);
    let shown = items.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if more == 0 { format!("[{shown}]") } else { format!("[{shown}, … {} more]", super::grouped(more as u64)) }
}

fn each(operands: &Operands) -> Vec<String> {
    match operands {
        Operands::Booleans(booleans) => booleans.iter().map(bool::to_string).collect(),
        Operands::Numbers(numbers) => numbers.iter().map(f64::to_string).collect(),
        Operands::Texts(texts) => texts.iter().map(quoted).collect(),
        Operands::Versions(versions) => versions.iter().map(ToString::to_string).collect(),
        Operands::Times(times) => times.iter().map(ToString::to_string).collect(),
        Operands::Networks(networks) => networks
            .iter()
            .map(|network| match network.prefix_len() == network.max_prefix_len() {
                true => network.addr().to_string(),
                false => network.to_string(),
            })
            .collect(),
    }
}

fn ordered(operand: &Ordered) -> String {
    match operand {
        Ordered::Number(number) => number.to_string(),
        Ordered::Version(version) => version.to_string(),
        Ordered::Time(time) => time.to_string(),
    }
}

/// As JSON writes it, so that spaces and control characters show.
fn quoted(text: impl AsRef<str>) -> String {
    serde_json::Value::String(text.as_ref().to_owned()).to_string()
}
