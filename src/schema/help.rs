//! Advice for values that do not satisfy a schema.

use jiff::civil::Date;
use serde_json::Value as Json;

use crate::bundle::Percent;
use crate::model::is_name;
use crate::schema::location::Location;
use crate::yaml::{Node, Value};

/// Returns advice for a value of another type than the schema expects.
pub(super) fn wrong_type(location: &Location<'_>, schema: &Json) -> Option<String> {
    let types = schema.get("type");
    let expects = |name: &str| match types {
        Some(Json::String(expected)) => expected == name,
        Some(Json::Array(expected)) => expected.iter().any(|expected| expected == name),
        _ => false,
    };
    let title = schema.get("title").and_then(Json::as_str).unwrap_or_default();
    let node = location.node;
    match &node.value {
        Value::Text(text) if expects("boolean") => match text.to_ascii_lowercase().as_str() {
            "on" | "yes" | "y" => Some(format!("`{text}` is a string in YAML 1.2: write `true`")),
            "off" | "no" | "n" => Some(format!("`{text}` is a string in YAML 1.2: write `false`")),
            _ => None,
        },
        Value::Number(..) if title.starts_with("a percentage") => percent(node, title),
        Value::Map(_) if title.starts_with("a percentage from") => {
            Some("write one percentage; `serve:` takes the shares of several variants".to_owned())
        }
        Value::Number(..) | Value::Boolean(_) if title.starts_with("a variant's name, or a mapping of `variant`") => {
            Some(format!("name the variant, or write `{{value: {}}}`", node.written()))
        }
        // A requirement is about a variant of another flag.
        Value::Number(..) | Value::Boolean(_) if title.starts_with("a variant or a list") => {
            Some(format!("`{}` is a value: write the name of a variant, such as `on`", node.written()))
        }
        Value::Number(..) | Value::Boolean(_) if title.starts_with("a variant") => Some(variant(location)),
        Value::Number(..) | Value::Boolean(_) if title.starts_with("a name of") => {
            Some(format!("`{}` is a value: write a name, such as `on` or `off`", node.written()))
        }
        Value::Number(..) | Value::Boolean(_) if expects("string") => {
            Some(format!("write `\"{}\"` to make it a string", node.written()))
        }
        Value::Boolean(true) if title == "a condition" => Some("a rule for every context has no `if`".to_owned()),
        Value::Text(_) if title == "a condition" => Some("write a mapping, such as `{country: DE}`".to_owned()),
        Value::List(_) if title == "a condition" => {
            Some("write the list under `all:`, or under `any:` if one of its conditions is enough".to_owned())
        }
        Value::Map(_) if title == "a string, a number or a boolean" => {
            Some("a list of conditions is under `all:` or `any:`".to_owned())
        }
        Value::Map(_) if title == "a list of conditions" || title == "a list of rules" => {
            Some("begin each entry of the list with `- `".to_owned())
        }
        _ if expects("array") && title.starts_with("a list of") => list(node),
        _ if title.starts_with("a mapping") || title.starts_with("a variant's name, or a mapping from") => {
            mapping(node, title)
        }
        Value::List(_) if title.starts_with("a type") => Some("write `{type: list, of: string}`".to_owned()),
        _ => None,
    }
}

/// Advises the author to name a variant instead of its value.
fn variant(location: &Location<'_>) -> String {
    let node = location.node;
    let written = node.written();
    let variants = location.root.entry("variants").map_or(&[][..], |variants| variants.value.entries());
    match variants.iter().find(|variant| variant.value.value == node.value) {
        Some(variant) => format!("write `{}`, the variant with the value `{written}`", variant.key),
        None => format!("`{written}` is a value: write the name of a variant, such as `on`"),
    }
}

/// Advises the author to write a list instead of a scalar with its entries, or of a mapping with its entries as keys.
fn list(node: &Node) -> Option<String> {
    match &node.value {
        Value::Text(_) | Value::Number(..) => Some(format!("write `[{}]`", node.written())),
        Value::Map(entries) if !entries.is_empty() && entries.len() <= 5 => {
            let keys: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
            keys.iter().all(|key| is_name(key)).then(|| format!("write `[{}]`", keys.join(", ")))
        }
        _ => None,
    }
}

/// Advises the author to write a mapping, with an example that has the keys of a list.
fn mapping(node: &Node, title: &str) -> Option<String> {
    let words: Vec<&str> = match &node.value {
        Value::List(items) => items.iter().filter_map(Node::as_text).filter(|text| is_name(text)).collect(),
        Value::Text(text) => Some(text.as_str()).filter(|text| is_name(text)).into_iter().collect(),
        Value::Null | Value::Boolean(_) | Value::Number(..) | Value::Map(_) => return None,
    };
    let example = if title.contains("percentages") {
        match words.as_slice() {
            [first, second] => format!("{{{first}: 50%, {second}: 50%}}"),
            _ => "{on: 50%, off: 50%}".to_owned(),
        }
    } else if title.starts_with("a mapping from flags") {
        let flag = words.first().copied().filter(|word| !matches!(*word, "on" | "off")).unwrap_or("new-cart");
        format!("{{{flag}: on}}")
    } else if title == "a mapping from names to values" {
        "{on: true, off: false}".to_owned()
    } else {
        return None;
    };
    Some(format!("write a mapping, such as `{example}`"))
}

/// Returns advice for a value of the right type that its schema does not allow.
pub(super) fn invalid_value(location: &Location<'_>, title: &str) -> Option<String> {
    let node = location.node;
    let text = node.as_text()?;
    if title.starts_with("a percentage") {
        let is_split = location.entry.is_some_and(|entry| matches!(entry.key.as_str(), "variant" | "value"));
        let serve = || (is_split && is_name(text)).then(|| format!("write `serve: {text}` for one variant"));
        return percent(node, title).or_else(serve);
    }
    if title == "the number `1`" {
        return (text == "1").then(|| "write `1` without quotes".to_owned());
    }
    if title.starts_with("a name of") {
        return name(text);
    }
    if title.starts_with("a date such as") {
        return date(text);
    }
    if title.starts_with("a folder with a `/`") {
        return is_name(text).then(|| format!("write `./{text}`"));
    }
    let is_address = title.starts_with("an address") && text.contains('.') && !text.contains("://");
    is_address.then(|| format!("write `https://{}`", text.trim_start_matches('/')))
}

/// Advises the author to write a percentage with a sign. A number below 1 may be meant as a fraction.
pub(super) fn percent(node: &Node, title: &str) -> Option<String> {
    let written = node.written().replace(',', ".");
    let written = written.trim().trim_end_matches('%').trim_end();
    let percent: Percent = format!("{written}%").parse().ok()?;
    if title.starts_with("a percentage below") && percent == Percent::ALL {
        return None;
    }
    let fraction = written.parse::<f64>().ok().filter(|number| *number > 0.0 && *number < 1.0);
    match fraction {
        Some(fraction) if !node.written().contains('%') => {
            // Percentages have three decimals.
            let hundredfold = (fraction * 100_000.0).round() / 1_000.0;
            Some(format!("write `{hundredfold}%`, or `{written}%` for less than one percent"))
        }
        _ => Some(format!("write `{written}%`")),
    }
}

/// Replaces the characters that names do not have.
fn name(text: &str) -> Option<String> {
    let plain =
        |character: char| if character.is_ascii_alphanumeric() || "._-".contains(character) { character } else { '-' };
    let name: String = text.trim().chars().map(plain).collect();
    let name = name.trim_matches(['-', '.', '_']);
    is_name(name).then(|| format!("write `{name}`"))
}

/// Writes a date of another order in the order of ISO 8601. The order of a date with slashes after the day is unknown.
fn date(text: &str) -> Option<String> {
    let formats = ["%d.%m.%Y", "%Y/%m/%d", "%Y.%m.%d"];
    let date = formats.iter().find_map(|format| Date::strptime(format, text).ok())?;
    Some(format!("write `{date}`"))
}
