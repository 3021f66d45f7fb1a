//! Type guards: JsonLogic that checks whether a value has a type. JsonLogic has no operator for this.
//!
//! **Invariant:** each guard is true or false (or null, which is treated as false) for every JSON value, and never an
//! error. For some values, the JavaScript client throws an error and the Python client converts the type, so the order
//! of the parts of an `and` matters.

use serde_json::{Value as Json, json};

use crate::flagd::json_logic::{and, not, one_of, text_of};

/// The largest number of a context: 2^53 - 1. Clients read 2^53 + 1 as 2^53.
const EXACT: i64 = (1 << 53) - 1;

/// Returns JsonLogic that checks whether the value is a text. `starts_with` returns null for every other value.
pub(super) fn is_text(value: &Json) -> Json {
    json!({ "starts_with": [value, ""] })
}

/// Returns JsonLogic that checks whether the value is a text of at least one character.
pub(super) fn is_non_empty(value: &Json) -> Json {
    and([is_text(value), json!({ "!==": [value, ""] })])
}

/// Returns JsonLogic that checks whether the value is this boolean. For the Python client, 1 equals true, but their
/// texts differ.
pub(super) fn is_boolean(value: &Json, boolean: bool) -> Json {
    and([json!({ "===": [value, boolean] }), json!({ "===": [text_of(value), text_of(&json!(boolean))] })])
}

/// Returns JsonLogic that checks whether the value is a number within ±(2^53 - 1).
pub(super) fn is_number(value: &Json) -> Json {
    and([is_scalar(value), not(is_text(value)), is_numeric(value)])
}

/// Returns JsonLogic that checks whether the value is a list of texts. If the attribute is an enum, all of them must be
/// values of the enum.
pub(super) fn is_list_of_texts(value: &Json, allowed: Option<&[Box<str>]>) -> Json {
    let fits = |item: &Json| match allowed {
        None => is_text_inside(item),
        Some(allowed) => one_of(item, allowed.iter().map(|text| json!(text)).collect()),
    };
    is_list_of(value, fits)
}

/// Returns JsonLogic that checks whether the value is a list of numbers within ±(2^53 - 1).
pub(super) fn is_list_of_numbers(value: &Json) -> Json {
    is_list_of(value, |item| and([is_scalar(item), not(is_text_inside(item)), is_numeric(item)]))
}

/// Returns JsonLogic that checks whether an item of a list is a text. flagd's own operators do not work inside `none`,
/// because the context there is the item.
fn is_text_inside(item: &Json) -> Json {
    json!({ "===": [text_of(item), item] })
}

/// Returns JsonLogic that checks whether the value is a list whose items all fit. `all` is false for an empty list, so
/// this uses `none`.
fn is_list_of(value: &Json, fits: impl Fn(&Json) -> Json) -> Json {
    let item = json!({ "var": "" });
    and([not(is_scalar(value)), json!({ "none": [value, not(fits(&item))] })])
}

/// Returns JsonLogic that checks whether the value is not a list. `merge` makes a list of one item from every value
/// that is not a list, and no list contains itself.
fn is_scalar(value: &Json) -> Json {
    json!({ "in": [value, { "merge": [value] }] })
}

/// Returns JsonLogic that checks whether a value that is neither text nor list is a number within ±(2^53 - 1): not null, not
/// a boolean, not an object.
fn is_numeric(value: &Json) -> Json {
    let others = ["", "null", "true", "false", "True", "False", "[object Object]"];
    let is_other = json!({ "in": [text_of(value), others] });
    and([not(is_other), json!({ "<=": [-EXACT, value, EXACT] })])
}
