//! What is asked of a text, in the few operators that flagd has for one.

use serde_json::{Value as Json, json};

use crate::bundle::{Operands, Predicate};
use crate::flagd::logic::{and, one_of, or};
use crate::flagd::pattern::{Anchor, Case, Shape, shapes};

/// Logic that says whether a text, as which the value is known, satisfies the predicate. None if none can.
pub(super) fn holds(value: &Json, predicate: &Predicate) -> Option<Json> {
    Some(match predicate {
        Predicate::OneOf(Operands::Texts(texts)) => one_of(value, texts.iter().map(|text| json!(text)).collect()),
        Predicate::StartsWith(part) => json!({ "starts_with": [value, part] }),
        Predicate::EndsWith(part) => json!({ "ends_with": [value, part] }),
        Predicate::Contains(part) => contains(value, part),
        Predicate::Matches(pattern) => any_of(value, &shapes(pattern.as_str(), Case::Told)?)?,
        Predicate::Folded(folded) => any_of(value, &shapes(folded.expression(), Case::Ignored)?)?,
        _ => Json::Bool(false),
    })
}

fn contains(value: &Json, part: &str) -> Json {
    // An empty text is no haystack to JavaScript's client, not even for nothing.
    if part.is_empty() { Json::Bool(true) } else { json!({ "in": [part, value] }) }
}

fn any_of(value: &Json, shapes: &[Shape]) -> Option<Json> {
    let whole = |shape: &&Shape| shape.anchor == Anchor::Both;
    let literals = shapes.iter().filter(whole).filter_map(Shape::literal).map(Json::String).collect();
    let others = shapes.iter().filter(|shape| !whole(shape) || shape.literal().is_none());
    let others = others.map(|shape| of_shape(value, shape)).collect::<Option<Vec<_>>>()?;
    Some(or(std::iter::once(one_of(value, literals)).chain(others)))
}

fn of_shape(value: &Json, shape: &Shape) -> Option<Json> {
    let length = shape.characters.len();
    match (shape.anchor, shape.literal()) {
        (Anchor::None, _) => Some(or(shape.literals()?.iter().map(|part| contains(value, part)))),
        (Anchor::Start, Some(part)) => Some(json!({ "starts_with": [value, part] })),
        (Anchor::End, Some(part)) => Some(json!({ "ends_with": [value, part] })),
        (Anchor::Both, Some(text)) => Some(json!({ "===": [value, text] })),
        (Anchor::Start, None) => by_place(value, shape),
        (Anchor::End, None) => by_place(&json!({ "substr": [value, -i64::try_from(length).ok()?] }), shape),
        (Anchor::Both, None) => {
            let rest = json!({ "===": [{ "substr": [value, length] }, ""] });
            Some(and([by_place(value, shape)?, rest]))
        }
    }
}

/// Character by character from the start. Clients count places in UTF-16 or in characters, which is the same as long
/// as every character so far was of the basic plane.
fn by_place(value: &Json, shape: &Shape) -> Option<Json> {
    let basic = |character: &char| u32::from(*character) <= 0xFFFF;
    if !shape.characters.iter().flatten().all(basic) {
        return None;
    }
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(first) = shape.characters.get(at) {
        let sure = shape.characters.iter().skip(at).map_while(|choice| match choice.as_slice() {
            [only] => Some(*only),
            _ => None,
        });
        let sure: String = sure.collect();
        if sure.is_empty() {
            let choices = first.iter().map(|character| json!(character.to_string())).collect();
            parts.push(one_of(&json!({ "substr": [value, at, 1] }), choices));
            at += 1;
        } else {
            let length = sure.chars().count();
            parts.push(json!({ "===": [{ "substr": [value, at, length] }, sure] }));
            at += length;
        }
    }
    Some(and(parts))
}
