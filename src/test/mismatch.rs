//! A decision beside what was expected of it.

use serde_json::Value as Json;

use crate::bundle::{Flag, VariantId};
use crate::eval::Decision;
use crate::model::Expectation;
use crate::snapshot::Span;

/// Where an expectation says what is expected.
pub(super) fn place(expectation: &Expectation) -> Span {
    let scalars = [&expectation.variant, &expectation.reason, &expectation.rule];
    let scalars = scalars.into_iter().flatten().map(|text| text.span);
    scalars.chain(expectation.value.iter().map(|node| node.span)).min().unwrap_or(expectation.flag.span)
}

/// What is otherwise, and the place of the first expectation that is not met; none if all are.
pub(super) fn mismatch(expectation: &Expectation, flag: &Flag, decision: &Decision<'_>) -> Option<(Span, String)> {
    let mut differences = Vec::new();
    let mut differ = |span: Span, text: String| differences.push((span, text));
    if let Some(variant) = &expectation.variant
        && variant.value != decision.variant.name.as_ref()
    {
        differ(variant.span, format!("expected `{}`, found `{}`", variant.value, decision.variant.name));
    }
    if let Some(value) = &expectation.value
        && !same(&value.to_json(), &decision.variant.value)
    {
        differ(value.span, format!("expected the value {}, found {}", value.to_json(), decision.variant.value));
    }
    if let Some(reason) = &expectation.reason
        && reason.value != decision.reason.name()
    {
        differ(reason.span, format!("expected the reason {}, found {}", reason.value, decision.reason.name()));
    }
    if let Some(rule) = &expectation.rule {
        let found = decision.rule.map(|at| flag.rule_name(at));
        if found.as_deref() != Some(rule.value.as_str()) {
            let found = found.map_or_else(|| "no rule".to_owned(), |found| format!("`{found}`"));
            differ(rule.span, format!("expected rule `{}`, found {found}", rule.value));
        }
    }
    let texts: Vec<&str> = differences.iter().map(|(_, text)| text.as_str()).collect();
    let (span, _) = differences.first()?;
    Some((*span, texts.join("; ")))
}

/// The place of the variant that was served.
pub(super) fn variant_id(flag: &Flag, decision: &Decision<'_>) -> VariantId {
    let at = flag.variants.iter().position(|variant| std::ptr::eq(variant, decision.variant));
    VariantId(at.and_then(|at| u16::try_from(at).ok()).unwrap_or_default())
}

/// Whether two values are the same to an application: `1` and `1.0` are one number, and keys have no order.
fn same(one: &Json, other: &Json) -> bool {
    match (one, other) {
        (Json::Number(one), Json::Number(other)) => one.as_f64() == other.as_f64(),
        (Json::Array(one), Json::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Json::Object(one), Json::Object(other)) => {
            let in_other = |(key, value): (&String, &Json)| other.get(key).is_some_and(|other| same(value, other));
            one.len() == other.len() && one.iter().all(in_other)
        }
        _ => one == other,
    }
}
