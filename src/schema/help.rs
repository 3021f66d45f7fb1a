//! Advice for values that do not satisfy a schema.

use serde_json::Value as Json;

use crate::bundle::Percent;
use crate::yaml::{Node, Value};

/// Returns advice for a scalar that YAML reads as another type than the author intended. `schema` is the schema that
/// the value does not satisfy.
pub(super) fn wrong_type(node: &Node, schema: &Json) -> Option<String> {
    let types = schema.get("type");
    let expects = |name: &str| match types {
        Some(Json::String(expected)) => expected == name,
        Some(Json::Array(expected)) => expected.iter().any(|expected| expected == name),
        _ => false,
    };
    let title = schema.get("title").and_then(Json::as_str).unwrap_or_default();
    match &node.value {
        Value::Text(text) if expects("boolean") => match text.to_ascii_lowercase().as_str() {
            "on" | "yes" | "y" => Some(format!("`{text}` is a string in YAML 1.2: write `true`")),
            "off" | "no" | "n" => Some(format!("`{text}` is a string in YAML 1.2: write `false`")),
            _ => None,
        },
        Value::Number(..) if title.starts_with("a percentage") => percent(node, title),
        Value::Number(..) | Value::Boolean(_) if title.starts_with("a variant's name, or a mapping of `variant`") => {
            Some(format!("name the variant, or write `{{value: {}}}`", node.written()))
        }
        Value::Boolean(_) if title.starts_with("a name of") || title.starts_with("a variant's name") => {
            Some(format!("`{}` is a value: write a name, such as `on` or `off`", node.written()))
        }
        Value::List(_) if title == "a mapping from flags to variants" => {
            Some("write a mapping, such as `{new-cart: on}`".to_owned())
        }
        Value::Number(..) | Value::Boolean(_) if expects("string") => {
            Some(format!("write `\"{}\"` to make it a string", node.written()))
        }
        _ => None,
    }
}

/// Advises the author to add a percent sign to a number if a percentage is expected.
pub(super) fn percent(node: &Node, title: &str) -> Option<String> {
    let is_expected = title.starts_with("a percentage") && !title.starts_with("a percentage below");
    let written = is_expected.then(|| node.written().trim().trim_end_matches('%').trim_end())?;
    let with_sign = format!("{written}%");
    with_sign.parse::<Percent>().is_ok().then(|| format!("write `{with_sign}`"))
}
