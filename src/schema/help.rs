//! Advice for values that do not satisfy a schema.

use jiff::civil::Date;
use serde_json::Value as Json;

use crate::bundle::Percent;
use crate::diag::Advice;
use crate::model::is_name;
use crate::schema::location::Location;
use crate::yaml::{Node, Value};

/// Returns advice for a value of another type than the schema expects.
pub(super) fn wrong_type(location: &Location<'_>, schema: &Json) -> Option<Advice> {
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
            "on" | "yes" | "y" => Some(boolean(node, text, "true")),
            "off" | "no" | "n" => Some(boolean(node, text, "false")),
            _ => None,
        },
        Value::Number(..) if title.starts_with("a percentage") => percent(node, title),
        Value::Map(_) if title.starts_with("a percentage from") => {
            Some("write one percentage; `serve:` takes the shares of several variants".into())
        }
        Value::Number(..) | Value::Boolean(_) if title.starts_with("a variant's name, or a mapping of `variant`") => {
            Some(format!("name the variant, or write `{{value: {}}}`", node.written()).into())
        }
        // A requirement is about a variant of another flag.
        Value::Number(..) | Value::Boolean(_) if title.starts_with("a variant or a list") => {
            Some(format!("`{}` is a value: write the name of a variant, such as `on`", node.written()).into())
        }
        Value::Number(..) | Value::Boolean(_) if title.starts_with("a variant") => Some(variant(location)),
        Value::Number(..) | Value::Boolean(_) if title.starts_with("a name of") => {
            Some(format!("`{}` is a value: write a name, such as `on` or `off`", node.written()).into())
        }
        Value::Number(..) | Value::Boolean(_) if expects("string") => {
            let help = format!("write `\"{}\"` to make it a string", node.written());
            Some(Advice::text_with_help(help, node.span, node.written()))
        }
        Value::Boolean(true) if title == "a condition" => Some("a rule for every context has no `if`".into()),
        Value::Text(_) if title == "a condition" => Some("write a mapping, such as `{country: DE}`".into()),
        Value::List(_) if title == "a condition" => {
            Some("write the list under `all:`, or under `any:` if one of its conditions is enough".into())
        }
        Value::Map(_) if title == "a string, a number or a boolean" => {
            Some("a list of conditions is under `all:` or `any:`".into())
        }
        Value::Map(_) if title == "a list of conditions" || title == "a list of rules" => {
            Some("begin each entry of the list with `- `".into())
        }
        Value::List(_) if title.starts_with("a range of percentages") => range(node),
        _ if expects("array") && title.starts_with("a list of") => list(node),
        _ if title.starts_with("a mapping") || title.starts_with("a variant's name, or a mapping from") => {
            mapping(node, title).map(Advice::from)
        }
        Value::List(_) if title.starts_with("a type") => Some("write `{type: list, of: string}`".into()),
        _ => None,
    }
}

/// Advises the author to write a boolean instead of a word for it.
fn boolean(node: &Node, text: &str, boolean: &str) -> Advice {
    let help = format!("`{text}` is a string in YAML 1.2: write `{boolean}`");
    Advice::source_with_help(help, node.span, boolean)
}

/// Advises the author to name a variant instead of its value.
fn variant(location: &Location<'_>) -> Advice {
    let node = location.node;
    let written = node.written();
    let variants = location.root.entry("variants").map_or(&[][..], |variants| variants.value.entries());
    let mut with_value = variants.iter().filter(|variant| variant.value.value == node.value);
    match (with_value.next(), with_value.next()) {
        (Some(variant), other) => {
            let help = format!("write `{}`, the variant with the value `{written}`", variant.key);
            let advice = Advice::text_with_help(help, node.span, &variant.key);
            Advice { fix: advice.fix.filter(|_| other.is_none()), ..advice }
        }
        (None, _) => format!("`{written}` is a value: write the name of a variant, such as `on`").into(),
    }
}

/// Advises the author to write a list instead of a scalar with its entries, or of a mapping with its entries as keys.
fn list(node: &Node) -> Option<Advice> {
    match &node.value {
        Value::Text(_) | Value::Number(..) => {
            let list = format!("[{}]", node.written());
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-%/:, ".contains(&byte);
            let is_safe = node.written().bytes().all(is_plain) && !node.written().contains(": ");
            Some(if is_safe { Advice::source(node.span, &list) } else { format!("write `{list}`").into() })
        }
        Value::Map(entries) if !entries.is_empty() && entries.len() <= 5 => {
            let keys: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
            let list = format!("[{}]", keys.join(", "));
            let is_empty = |node: &Node| match &node.value {
                Value::Null => true,
                Value::Map(inner) => inner.is_empty(),
                Value::Boolean(_) | Value::Number(..) | Value::Text(_) | Value::List(_) => false,
            };
            let loses_nothing = entries.iter().all(|entry| is_empty(&entry.value));
            keys.iter().all(|key| is_name(key)).then(|| match loses_nothing {
                true => Advice::source(node.span, &list),
                false => format!("write `{list}`").into(),
            })
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
    let example = if title == "a mapping from slots to ranges of percentages" {
        "{new-cart: 0%..20%, one-page: 20%..35%}".to_owned()
    } else if title.contains("percentages") {
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
pub(super) fn invalid_value(location: &Location<'_>, title: &str) -> Option<Advice> {
    let node = location.node;
    let text = node.as_text()?;
    if title.starts_with("a percentage") {
        let is_split = location.entry.is_some_and(|entry| matches!(entry.key.as_str(), "variant" | "value"));
        let serve = || (is_split && is_name(text)).then(|| format!("write `serve: {text}` for one variant").into());
        return percent(node, title).or_else(serve);
    }
    if title.starts_with("a range of percentages") {
        return range(node);
    }
    if title == "the number `1`" {
        let help = || "write `1` without quotes".to_owned();
        return (text == "1").then(|| Advice::source_with_help(help(), node.span, "1"));
    }
    if title.starts_with("a name of") {
        return name(text).map(|name| Advice::text(node.span, &name));
    }
    if title.starts_with("a date such as") {
        return date(text).map(|date| Advice::text(node.span, &date));
    }
    if title.starts_with("a folder with a `/`") {
        return is_name(text).then(|| Advice::text(node.span, &format!("./{text}")));
    }
    let is_address = title.starts_with("an address") && text.contains('.') && !text.contains("://");
    is_address.then(|| Advice::text(node.span, &format!("https://{}", text.trim_start_matches('/'))))
}

/// Advises the author to write a percentage with a sign. A number below 1 may be meant as a fraction.
pub(super) fn percent(node: &Node, title: &str) -> Option<Advice> {
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
            Some(format!("write `{hundredfold}%`, or `{written}%` for less than one percent").into())
        }
        // The number 1 may be meant as the fraction that is everything.
        _ if matches!(&node.value, Value::Number(number, _) if number.as_f64() == Some(1.0)) => {
            Some(format!("write `{written}%`").into())
        }
        _ => Some(Advice::text(node.span, &format!("{written}%"))),
    }
}

/// Advises the author to write a range of percentages with two dots and with signs. Numbers below 1 may be meant as fractions.
fn range(node: &Node) -> Option<Advice> {
    let ends: Vec<&str> = match &node.value {
        Value::List(items) => items.iter().map(Node::written).collect(),
        Value::Text(text) => {
            ["..", "-", "–"].iter().find_map(|dots| text.split_once(dots)).map(<[&str; 2]>::from)?.into()
        }
        Value::Null | Value::Boolean(_) | Value::Number(..) | Value::Map(_) => return None,
    };
    let end = |written: &&str| {
        let number = written.trim().trim_end_matches('%').trim_end();
        let is_fraction = number.parse::<f64>().is_ok_and(|number| number > 0.0 && number <= 1.0);
        format!("{number}%").parse().ok().filter(|_: &Percent| written.contains('%') || !is_fraction)
    };
    match ends.iter().map(end).collect::<Option<Vec<Percent>>>()?.as_slice() {
        [from, to] if from < to => Some(Advice::source(node.span, &format!("{from}..{to}"))),
        _ => None,
    }
}

/// Replaces the characters that names do not have.
fn name(text: &str) -> Option<String> {
    let plain =
        |character: char| if character.is_ascii_alphanumeric() || "._-".contains(character) { character } else { '-' };
    let name: String = text.trim().chars().map(plain).collect();
    let name = name.trim_matches(['-', '.', '_']);
    is_name(name).then(|| name.to_owned())
}

/// Writes a date of another order in the order of ISO 8601. The order of a date with slashes after the day is unknown.
fn date(text: &str) -> Option<String> {
    let formats = ["%d.%m.%Y", "%Y/%m/%d", "%Y.%m.%d"];
    let date = formats.iter().find_map(|format| Date::strptime(format, text).ok())?;
    Some(date.to_string())
}
