//! Compares a decision with an expectation.

use serde_json::Value as Json;

use crate::bundle::{Flag, VariantId};
use crate::eval::Decision;
use crate::model::Expectation;
use crate::snapshot::Span;

/// Returns the position of the first expected part of the expectation.
pub(super) fn expectation_span(expectation: &Expectation) -> Span {
    let scalars = [&expectation.variant, &expectation.reason, &expectation.rule];
    let scalars = scalars.into_iter().flatten().map(|text| text.span);
    scalars.chain(expectation.value.iter().map(|node| node.span)).min().unwrap_or(expectation.flag.span)
}

/// Returns the differences as text, with the position of the first difference. Returns `None` if the decision is as
/// expected.
pub(super) fn mismatch(expectation: &Expectation, flag: &Flag, decision: &Decision<'_>) -> Option<(Span, String)> {
    let mut differences = Vec::new();
    let mut differ = |span: Span, text: String| differences.push((span, text));
    if let Some(variant) = &expectation.variant
        && variant.value != decision.variant.name.as_ref()
    {
        differ(variant.span, format!("expected `{}`, found `{}`", variant.value, decision.variant.name));
    }
    if let Some(value) = &expectation.value
        && !equal_values(&value.to_json(), &decision.variant.value)
    {
        differ(value.span, format!("expected the value {}, found {}", value.to_json(), decision.variant.value));
    }
    if let Some(reason) = &expectation.reason
        && reason.value != decision.reason.name()
    {
        differ(reason.span, format!("expected the reason {}, found {}", reason.value, decision.reason.name()));
    }
    if let Some(rule) = &expectation.rule {
        let found = decision.rule.map(|index| flag.rule_name(index));
        if found.as_deref() != Some(rule.value.as_str()) {
            let found = found.map_or_else(|| "no rule".to_owned(), |found| format!("`{found}`"));
            differ(rule.span, format!("expected rule `{}`, found {found}", rule.value));
        }
    }
    let texts: Vec<&str> = differences.iter().map(|(_, text)| text.as_str()).collect();
    let (span, _) = differences.first()?;
    Some((*span, texts.join("; ")))
}

/// Returns the index of the variant that was served.
pub(super) fn variant_id(flag: &Flag, decision: &Decision<'_>) -> VariantId {
    let index = flag.variants.iter().position(|variant| std::ptr::eq(variant, decision.variant));
    VariantId(index.and_then(|index| u16::try_from(index).ok()).unwrap_or_default())
}

/// Returns whether two values are equal for an application: `1` and `1.0` are the same number, and keys have no order.
fn equal_values(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Number(left), Json::Number(right)) => left.as_f64() == right.as_f64(),
        (Json::Array(left), Json::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal_values(left, right))
        }
        (Json::Object(left), Json::Object(right)) => {
            let in_right =
                |(key, value): (&String, &Json)| right.get(key).is_some_and(|right| equal_values(value, right));
            left.len() == right.len() && left.iter().all(in_right)
        }
        _ => left == right,
    }
}
