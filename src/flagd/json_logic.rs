//! The building blocks of JsonLogic. Parts with a constant value are removed.

use serde_json::{Value as Json, json};

/// Returns the conjunction of the parts, or true if there are no parts.
pub(super) fn and(parts: impl IntoIterator<Item = Json>) -> Json {
    joined("and", parts, true)
}

/// Returns the disjunction of the parts, or false if there are no parts.
pub(super) fn or(parts: impl IntoIterator<Item = Json>) -> Json {
    joined("or", parts, false)
}

pub(super) fn not(part: Json) -> Json {
    match part {
        Json::Bool(known) => Json::Bool(!known),
        part => json!({ "!": [part] }),
    }
}

/// Returns JsonLogic for the value at a path in the context. The value is null if it is missing.
pub(super) fn var(path: &str) -> Json {
    json!({ "var": path })
}

/// Returns JsonLogic that checks whether the value is one of the literals, or false if there are no literals.
pub(super) fn one_of(value: &Json, literals: Vec<Json>) -> Json {
    match literals.as_slice() {
        [] => Json::Bool(false),
        [only] => json!({ "===": [value, only] }),
        _ => json!({ "in": [value, literals] }),
    }
}

/// Returns JsonLogic for the text of any value. `cat` gets a second operand, because the JavaScript client would read a
/// single list as several operands.
pub(super) fn text_of(value: &Json) -> Json {
    json!({ "cat": [value, ""] })
}

/// Returns the nesting depth of operators.
pub(super) fn depth(logic: &Json) -> usize {
    nesting(logic, &|_, _| 1)
}

/// Returns the depth of the expression that the JavaScript client compiles from the logic. In that expression, each
/// operand of `and`, `or` and `if` is nested in the previous operand.
pub(super) fn stack_depth(logic: &Json) -> usize {
    nesting(logic, &|operator, operands| match operator {
        "and" | "or" | "if" => operands.as_array().map_or(1, Vec::len),
        _ => 1,
    })
}

/// Returns the largest sum of the weights of nested operators.
fn nesting(logic: &Json, weight: &impl Fn(&str, &Json) -> usize) -> usize {
    match logic {
        Json::Array(items) => items.iter().map(|item| nesting(item, weight)).max().unwrap_or(0),
        Json::Object(fields) => {
            fields.iter().map(|(operator, inner)| weight(operator, inner) + nesting(inner, weight)).max().unwrap_or(0)
        }
        _ => 0,
    }
}

/// Joins parts by `and` or `or`. Parts that equal `neutral` are omitted, and one part with the opposite value
/// determines the result. Parts that are joined by the same operator are merged into the list.
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

/// Adds a part unless the list contains it, so two tests of one attribute share a guard. In a list of more than 64
/// parts, duplicates are kept, because the search would take quadratic time.
fn keep(part: Json, kept: &mut Vec<Json>) {
    if kept.len() > 64 || !kept.contains(&part) {
        kept.push(part);
    }
}

/// Returns a number, written as an integer if it has no fraction, so all clients read the same value.
#[allow(clippy::cast_possible_truncation, reason = "checked to be a whole number within ±(2^53 - 1)")]
pub(super) fn number(number: f64) -> Json {
    let is_integer = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_991.0;
    if is_integer { json!(number as i64) } else { json!(number) }
}
