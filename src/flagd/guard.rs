//! Guards: whether a value is of a type, in a language that has no such question.
//!
//! Each is true or false (or null, which counts as false) of every JSON value, and never an error. JavaScript's
//! clients throw where Python's convert, so the order of the parts of an `and` matters here.

use serde_json::{Value as Json, json};

use crate::flagd::logic::{and, not, one_of, text_of};

/// Up to here a double tells every integer from the next.
const EXACT: i64 = 1 << 53;

/// A text: `starts_with` is null of all else.
pub(super) fn is_text(value: &Json) -> Json {
    json!({ "starts_with": [value, ""] })
}

/// A text of at least one character.
pub(super) fn is_filled(value: &Json) -> Json {
    and([is_text(value), json!({ "!==": [value, ""] })])
}

/// The very truth value. Python takes 1 for true, and tells them apart when written out.
pub(super) fn is_boolean(value: &Json, boolean: bool) -> Json {
    and([json!({ "===": [value, boolean] }), json!({ "===": [text_of(value), text_of(&json!(boolean))] })])
}

/// A number that a double holds exactly.
pub(super) fn is_number(value: &Json) -> Json {
    and([is_scalar(value), not(is_text(value)), is_numeric(value)])
}

/// A list of texts; of an enum, only of its values.
pub(super) fn is_list_of_texts(value: &Json, allowed: Option<&[Box<str>]>) -> Json {
    let fits = |item: &Json| match allowed {
        None => is_text_inside(item),
        Some(allowed) => one_of(item, allowed.iter().map(|text| json!(text)).collect()),
    };
    is_list_of(value, fits)
}

/// A list of numbers that a double holds exactly.
pub(super) fn is_list_of_numbers(value: &Json) -> Json {
    is_list_of(value, |item| and([is_scalar(item), not(is_text_inside(item)), is_numeric(item)]))
}

/// The operators of flagd's own have no place inside of `none`, where the context is the item alone.
fn is_text_inside(item: &Json) -> Json {
    json!({ "===": [text_of(item), item] })
}

/// `all` is false of an empty list; `none` is not.
fn is_list_of(value: &Json, fits: impl Fn(&Json) -> Json) -> Json {
    let item = json!({ "var": "" });
    and([not(is_scalar(value)), json!({ "none": [value, not(fits(&item))] })])
}

/// `merge` makes a list of one from everything but a list, and no list has itself inside.
fn is_scalar(value: &Json) -> Json {
    json!({ "in": [value, { "merge": [value] }] })
}

/// Of a value that is neither text nor list: not null, no truth value, no object, and within ±2^53.
fn is_numeric(value: &Json) -> Json {
    let others = ["", "null", "true", "false", "True", "False", "[object Object]"];
    let other = json!({ "in": [text_of(value), others] });
    and([not(other), json!({ "<=": [-EXACT, value, EXACT] })])
}
