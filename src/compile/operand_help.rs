//! Suggests a replacement for operands that cannot be read.

use semver::Version;

use crate::bundle::{DottedVersion, Type};
use crate::diag::Advice;
use crate::eval::parse_datetime;
use crate::yaml::{Node, Value};

/// Advises the author to write a list instead of a text with several of the allowed values, separated by commas.
pub(super) fn list_of_values(node: &Node, text: &str, allowed: &[Box<str>]) -> Option<Advice> {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let is_list = parts.len() > 1 && parts.iter().all(|part| allowed.iter().any(|value| &**value == *part));
    let is_plain = |part: &&str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    let list = format!("[{}]", parts.join(", "));
    is_list.then(|| match parts.iter().all(is_plain) {
        true => Advice::source(node.span, &list),
        false => format!("write `{list}`").into(),
    })
}

/// Advises the author to write an operator instead of its sign before a version, such as `>=2.4.0`.
pub(super) fn operator_of_version(node: &Node, written: &str) -> Option<Advice> {
    let signs = [(">=", "gte"), ("<=", "lte"), (">", "gt"), ("<", "lt")];
    signs.iter().find_map(|(sign, operator)| {
        let version = written.strip_prefix(sign)?.trim();
        let operation = format!("{{{operator}: {version}}}");
        version.parse::<DottedVersion>().is_ok().then(|| Advice::source(node.span, &operation))
    })
}

/// Completes a version with fewer than three numbers, or with a prefix such as `v`. For more than three numbers, names
/// the type that has them.
pub(super) fn version(written: &str) -> Option<String> {
    let bare = written.trim_start_matches(['v', 'V', '=', '^', '~']);
    let mut completed = (0..3).map(|missing| format!("{bare}{}", ".0".repeat(missing)));
    match completed.find(|version| version.parse::<Version>().is_ok()) {
        Some(valid) => {
            Some(format!("write `{valid}`, or declare the attribute as `version`, whose versions may be shorter"))
        }
        None => {
            let version: DottedVersion = written.parse().ok()?;
            Some(format!("declare the attribute as `version`, which has versions such as `{version}`"))
        }
    }
}

/// Completes a datetime without an offset, without a time, or with a space before the time.
pub(super) fn datetime(written: &str) -> String {
    let joined = written.replacen(' ', "T", 1);
    let completed = [format!("{joined}Z"), format!("{written}T00:00:00Z"), joined];
    match completed.iter().find(|datetime| parse_datetime(datetime).is_some()) {
        Some(valid) => format!("write `{valid}`, or the same with another offset"),
        None => "write it as `2026-11-22T11:02:00+01:00`; datetimes go from `0000-01-01T00:00:00Z` to \
                 `9999-12-30T22:00:00Z`"
            .to_owned(),
    }
}

/// Advises how to write a value of another type as the expected type.
pub(super) fn wrong_type(expected: Type, node: &Node) -> Option<Advice> {
    match (expected, &node.value) {
        (Type::String, Value::Number(..) | Value::Boolean(_)) => {
            let help = format!("write `\"{}\"` to make it a string", node.written());
            Some(Advice::text_with_help(help, node.span, node.written()))
        }
        (Type::Number, Value::Text(text)) if text.parse::<f64>().is_ok_and(f64::is_finite) => {
            Some(Advice::source_with_help(format!("write `{text}` without quotes"), node.span, text))
        }
        (Type::Boolean, Value::Text(text)) => match text.to_ascii_lowercase().as_str() {
            "on" | "yes" | "y" | "true" => Some(Advice::source(node.span, "true")),
            "off" | "no" | "n" | "false" => Some(Advice::source(node.span, "false")),
            _ => None,
        },
        _ => None,
    }
}
