//! JsonLogic, put together from parts; what is known already is left out.

use serde_json::{Value as Json, json};

/// True where there is none.
pub(super) fn and(parts: impl IntoIterator<Item = Json>) -> Json {
    joined("and", parts, true)
}

/// False where there is none.
pub(super) fn or(parts: impl IntoIterator<Item = Json>) -> Json {
    joined("or", parts, false)
}

pub(super) fn not(part: Json) -> Json {
    match part {
        Json::Bool(known) => Json::Bool(!known),
        part => json!({ "!": [part] }),
    }
}

/// The value at a path of the context, null where there is none.
pub(super) fn var(path: &str) -> Json {
    json!({ "var": path })
}

/// Whether the value is one of the literals. Without a literal that is false.
pub(super) fn one_of(value: &Json, literals: Vec<Json>) -> Json {
    match literals.as_slice() {
        [] => Json::Bool(false),
        [only] => json!({ "===": [value, only] }),
        _ => json!({ "in": [value, literals] }),
    }
}

/// Text of any value. With one operand alone, the interpreter of the JavaScript client would read a list as several.
pub(super) fn text_of(value: &Json) -> Json {
    json!({ "cat": [value, ""] })
}

/// So many operators stand in each other.
pub(super) fn depth(logic: &Json) -> usize {
    nesting(logic, &|_, _| 1)
}

/// As [`depth`], but the operands of `and`, `or` and `if` stand in each other, too: JavaScript's client compiles them to
/// nested expressions.
pub(super) fn reach(logic: &Json) -> usize {
    nesting(logic, &|operator, operands| match operator {
        "and" | "or" | "if" => operands.as_array().map_or(1, Vec::len),
        _ => 1,
    })
}

fn nesting(logic: &Json, weight: &impl Fn(&str, &Json) -> usize) -> usize {
    match logic {
        Json::Array(items) => items.iter().map(|item| nesting(item, weight)).max().unwrap_or(0),
        Json::Object(fields) => {
            fields.iter().map(|(operator, inner)| weight(operator, inner) + nesting(inner, weight)).max().unwrap_or(0)
        }
        _ => 0,
    }
}

/// Of `neutral` nothing is left, and one part of the opposite settles it.
fn joined(operator: &str, parts: impl IntoIterator<Item = Json>, neutral: bool) -> Json {
    let mut kept: Vec<Json> = Vec::new();
    for part in parts {
        match part {
            Json::Bool(known) if known == neutral => {}
            Json::Bool(known) => return Json::Bool(known),
            Json::Object(mut fields) if fields.contains_key(operator) => {
                if let Some(Json::Array(inner)) = fields.remove(operator) {
                    inner.into_iter().for_each(|part| keep(part, &mut kept));
                }
            }
            part => keep(part, &mut kept),
        }
    }
    match (kept.pop(), kept.is_empty()) {
        (None, _) => Json::Bool(neutral),
        (Some(only), true) => only,
        (Some(last), false) => {
            kept.push(last);
            json!({ operator: kept })
        }
    }
}

/// Two tests of one attribute have one guard. Nothing is kept from long lists, where looking would take long.
fn keep(part: Json, kept: &mut Vec<Json>) {
    if kept.len() > 64 || !kept.contains(&part) {
        kept.push(part);
    }
}

/// Without a fraction where there is none, so that all clients read the same.
#[allow(clippy::cast_possible_truncation, reason = "checked to be a whole number within ±2^53")]
pub(super) fn number(number: f64) -> Json {
    let whole = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0;
    if whole { json!(number as i64) } else { json!(number) }
}
