//! Writes predicates of texts with the few operators that flagd has for texts.

use serde_json::{Value as Json, json};

use crate::bundle::{Operands, Predicate};
use crate::flagd::json_logic::{and, one_of, or};
use crate::flagd::regex_literals::{Anchor, Case, Shape, shapes};

/// A predicate of a text as JsonLogic.
pub(super) enum TextLogic {
    /// JsonLogic that checks whether the predicate holds. It is valid only if the value is a text.
    Holds(Json),
    /// The predicate is a regular expression that matches too many texts to list them.
    TooManyTexts,
    /// The predicate does not fit texts.
    Unfit,
}

pub(super) fn text_logic(value: &Json, predicate: &Predicate) -> TextLogic {
    let by_shapes = |shapes: Option<Vec<Shape>>| {
        shapes.and_then(|shapes| has_any_shape(value, &shapes)).map_or(TextLogic::TooManyTexts, TextLogic::Holds)
    };
    match predicate {
        Predicate::OneOf(Operands::Texts(texts)) => {
            TextLogic::Holds(one_of(value, texts.iter().map(|text| json!(text)).collect()))
        }
        Predicate::StartsWith(part) => TextLogic::Holds(json!({ "starts_with": [value, part] })),
        Predicate::EndsWith(part) => TextLogic::Holds(json!({ "ends_with": [value, part] })),
        Predicate::Contains(part) => TextLogic::Holds(contains(value, part)),
        Predicate::Matches(pattern) => by_shapes(shapes(pattern.as_str(), Case::Sensitive)),
        Predicate::Folded(folded) => by_shapes(shapes(folded.expression(), Case::Insensitive)),
        Predicate::Exists | Predicate::OneOf(_) | Predicate::Compare(..) | Predicate::Has(..) => TextLogic::Unfit,
    }
}

fn contains(value: &Json, part: &str) -> Json {
    // For the JavaScript client, an empty text contains nothing, not even the empty text.
    if part.is_empty() { Json::Bool(true) } else { json!({ "in": [part, value] }) }
}

/// Returns JsonLogic that checks whether a text has one of the shapes, or `None` if this needs too many texts.
fn has_any_shape(value: &Json, shapes: &[Shape]) -> Option<Json> {
    let is_full = |shape: &&Shape| shape.anchor == Anchor::Both;
    let literals = shapes.iter().filter(is_full).filter_map(Shape::literal).map(Json::String).collect();
    let others = shapes.iter().filter(|shape| !is_full(shape) || shape.literal().is_none());
    let others = others.map(|shape| has_shape(value, shape)).collect::<Option<Vec<_>>>()?;
    Some(or(std::iter::once(one_of(value, literals)).chain(others)))
}

fn has_shape(value: &Json, shape: &Shape) -> Option<Json> {
    let length = shape.characters.len();
    match (shape.anchor, shape.literal()) {
        (Anchor::None, _) => Some(or(shape.literals()?.iter().map(|part| contains(value, part)))),
        (Anchor::Start, Some(part)) => Some(json!({ "starts_with": [value, part] })),
        (Anchor::End, Some(part)) => Some(json!({ "ends_with": [value, part] })),
        (Anchor::Both, Some(text)) => Some(json!({ "===": [value, text] })),
        (Anchor::Start, None) => by_index(value, shape),
        (Anchor::End, None) => by_index(&json!({ "substr": [value, -i64::try_from(length).ok()?] }), shape),
        (Anchor::Both, None) => {
            let rest = json!({ "===": [{ "substr": [value, length] }, ""] });
            Some(and([by_index(value, shape)?, rest]))
        }
    }
}

/// Compares the text with the shape from its start, index by index. Clients count indices in UTF-16 code units or in
/// characters. Both counts are equal if every character is in the Basic Multilingual Plane. Returns `None` for other
/// shapes.
fn by_index(value: &Json, shape: &Shape) -> Option<Json> {
    let is_basic = |character: &char| u32::from(*character) <= 0xFFFF;
    if !shape.characters.iter().flatten().all(is_basic) {
        return None;
    }
    let mut parts = Vec::new();
    let mut index = 0;
    while let Some(first) = shape.characters.get(index) {
        let literal = shape.characters.iter().skip(index).map_while(|choice| match choice.as_slice() {
            [only] => Some(*only),
            _ => None,
        });
        let literal: String = literal.collect();
        if literal.is_empty() {
            let choices = first.iter().map(|character| json!(character.to_string())).collect();
            parts.push(one_of(&json!({ "substr": [value, index, 1] }), choices));
            index += 1;
        } else {
            let length = literal.chars().count();
            parts.push(json!({ "===": [{ "substr": [value, index, length] }, literal] }));
            index += length;
        }
    }
    Some(and(parts))
}
