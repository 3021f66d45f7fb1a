//! The value of an attribute in a context, in words.

use crate::bundle::{ListText, listed, quoted};
use crate::eval::Value;

/// Returns the value in words. The text begins with `unusable` if the value does not have the attribute's type.
pub(crate) fn found(value: &Value<'_>, lists: ListText) -> String {
    let texts = |items: Vec<String>| listed(&items, lists);
    match value {
        Value::Absent => "missing".to_owned(),
        Value::Null => "null".to_owned(),
        Value::Unusable(json) => format!("unusable: {json}"),
        Value::Boolean(boolean) => boolean.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => quoted(text),
        Value::Version(version) => version.to_string(),
        Value::DottedVersion(version) => version.to_string(),
        Value::Time(time) => time.to_string(),
        Value::Address(address) => address.to_string(),
        Value::Texts(items) => texts(items.iter().map(quoted).collect()),
        Value::Numbers(numbers) => texts(numbers.iter().map(f64::to_string).collect()),
    }
}
