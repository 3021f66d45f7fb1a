//! Turns errors of the schema validator into diagnostics in flagctl's own words.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value as Json;

use crate::codes::Code;
use crate::diag::{Advice, Diagnostic, Diagnostics, Fix, FixChange, closest, quoted_list, suggestion};
use crate::schema::help;
use crate::schema::location::Location;
use crate::schema::synonyms::synonym;
use crate::yaml::{Node, Value};

/// The title of the schema for the value of an attribute in a condition.
const OPERATORS: &str = "operators and their operands";

/// Types of other languages, and the types of attributes.
const TYPES: [(&str, &str); 9] = [
    ("array", "list"),
    ("bool", "boolean"),
    ("date", "datetime"),
    ("double", "number"),
    ("float", "number"),
    ("int", "number"),
    ("integer", "number"),
    ("str", "string"),
    ("text", "string"),
];

/// Reports one error of the validator as a diagnostic.
pub(super) fn report(
    error: &ValidationError<'_>,
    location: &Location<'_>,
    schema: &Json,
    diagnostics: &mut Diagnostics,
) {
    // The last part of the path is the failed keyword. Its parent object also contains the title and the other
    // keywords.
    let path = error.schema_path().as_str();
    let (parent, _) = path.rsplit_once('/').unwrap_or((path, ""));
    let parent = schema.pointer(parent).unwrap_or(&Json::Null);
    let title = || parent.get("title").and_then(Json::as_str).unwrap_or("another value");
    let found = |node: &Node| match &node.value {
        Value::Text(text) if text.is_empty() => "an empty string".to_owned(),
        Value::Text(_) | Value::Number(..) | Value::Boolean(_) => format!("`{}`", node.written()),
        Value::Null | Value::List(_) | Value::Map(_) => node.type_name().to_owned(),
    };
    let properties = || {
        let names = parent.get("properties").and_then(Json::as_object);
        names.into_iter().flat_map(|names| names.keys().map(String::as_str)).collect::<Vec<_>>()
    };
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            for key in unexpected {
                let span = location.node.entry(key).map_or_else(|| location.span(), |entry| entry.key_span);
                let known = properties();
                let advice = match (key.as_str(), intended(key, &known)) {
                    ("key" | "name", _) if location.depth == 0 => Advice {
                        help: "remove the line: the file name without `.yaml` is the name".to_owned(),
                        fix: Some(Fix::new(format!("remove `{key}`"), span, FixChange::RemoveEntry)),
                    },
                    (_, Some(meant)) => {
                        let is_free = location.node.entry(meant).is_none();
                        let fix = is_free.then(|| Fix::text(span, meant));
                        Advice { help: format!("did you mean `{meant}`?"), fix }
                    }
                    _ if title() == OPERATORS => format!(
                        "the operators are {}; a nested attribute has a dotted name, such as `app.version`",
                        quoted_list(known)
                    )
                    .into(),
                    _ => format!("the keys here are {}", quoted_list(known)).into(),
                };
                let diagnostic = Diagnostic::new(Code::UnknownKey, span, format!("unknown key `{key}`"));
                diagnostics.push(diagnostic.advice(advice));
            }
        }
        ValidationErrorKind::Required { property } => {
            let key = property.as_str().unwrap_or_default();
            let known = properties();
            let mut unknown = location.node.entries().iter().filter(|entry| !known.contains(&entry.key.as_str()));
            // The unknown key is reported with the advice to write the missing key.
            if unknown.any(|entry| intended(&entry.key, &known) == Some(key)) {
                return;
            }
            let described = parent.pointer(&format!("/properties/{key}/description")).and_then(Json::as_str);
            let described = described.map(|text| format!("`{key}:` {}", lower_first(text)));
            // Only the type `list` requires `of`, which its own schema does not describe.
            let described = described.or_else(|| (key == "of").then(|| "add `of: string` or `of: number`".to_owned()));
            diagnostics.push(
                Diagnostic::new(Code::MissingKey, location.span(), format!("`{key}` is missing")).maybe_help(described),
            );
        }
        ValidationErrorKind::PropertyNames { error: name } => {
            let key = name.instance().as_str().unwrap_or_default().to_owned();
            let span = location.node.entry(&key).map_or_else(|| location.span(), |entry| entry.key_span);
            let path = name.schema_path().as_str();
            let parent = path.rsplit_once('/').and_then(|(parent, _)| schema.pointer(parent));
            let title = parent.and_then(|parent| parent.get("title")).and_then(Json::as_str).unwrap_or("another name");
            diagnostics.push(Diagnostic::new(Code::InvalidValue, span, format!("expected {title}, found `{key}`")));
        }
        ValidationErrorKind::Type { .. } => {
            // The characters that a name may have are not the problem.
            let expected = title().split_once(" of at most ").map_or_else(title, |(noun, _)| noun);
            let message = format!("expected {expected}, found {}", location.node.described());
            diagnostics.push(
                Diagnostic::new(Code::WrongType, location.span(), message).advice(help::wrong_type(location, parent)),
            );
        }
        ValidationErrorKind::Enum { options } => {
            let options: Vec<_> = options.as_array().into_iter().flatten().filter_map(Json::as_str).collect();
            let message = format!("expected {}, found {}", title(), found(location.node));
            let type_name = |text| TYPES.iter().find(|(foreign, _)| *foreign == text).map(|(_, own)| *own);
            let meant = |text| type_name(text).filter(|own| options.contains(own));
            let advice = location.node.as_text().and_then(|text| match meant(text) {
                Some(own) => Some(Advice::text_with_help(format!("did you mean `{own}`?"), location.node.span, own)),
                None => suggestion(location.node.span, text, options.iter().copied()),
            });
            let advice = advice.unwrap_or_else(|| format!("use one of {}", quoted_list(options)).into());
            diagnostics.push(Diagnostic::new(Code::InvalidValue, location.span(), message).advice(advice));
        }
        // An unknown key was already reported, and it is probably a misspelling of the missing key.
        ValidationErrorKind::OneOfNotValid { .. }
            if location.node.entries().iter().any(|entry| !properties().contains(&entry.key.as_str())) => {}
        ValidationErrorKind::OneOfNotValid { .. } | ValidationErrorKind::OneOfMultipleValid { .. }
            if parent.pointer("/oneOf/0/required").is_some() =>
        {
            let required = |branch: &Json| branch.pointer("/required/0").and_then(Json::as_str).map(str::to_owned);
            let branches = parent.get("oneOf").and_then(Json::as_array).into_iter().flatten().filter_map(required);
            let found: Vec<String> = branches.filter(|key| location.node.entry(key).is_some()).collect();
            let found =
                if found.is_empty() { "none".to_owned() } else { quoted_list(found.iter().map(String::as_str)) };
            let message = format!("expected {}, found {found}", title());
            diagnostics.push(Diagnostic::new(Code::InvalidValue, location.span(), message));
        }
        ValidationErrorKind::AnyOf { .. } if location.node.entries().iter().any(|entry| entry.key != "ignore_case") => {
        }
        ValidationErrorKind::MinProperties { .. } | ValidationErrorKind::AnyOf { .. } if title() == OPERATORS => {
            diagnostics.push(
                Diagnostic::new(
                    Code::EmptyCondition,
                    location.span(),
                    "expected operators and their operands, found none",
                )
                .help("write an operator and its operand, such as `{eq: DE}`"),
            );
        }
        ValidationErrorKind::MinProperties { .. } if title() == "a condition" => {
            diagnostics.push(
                Diagnostic::new(Code::EmptyCondition, location.span(), "expected a condition, found an empty mapping")
                    .help("a rule for every context has no `if`; a segment needs a condition"),
            );
        }
        ValidationErrorKind::MinProperties { .. } | ValidationErrorKind::MinItems { .. } => {
            let found = if location.node.entries().is_empty() { "an empty one" } else { "a smaller one" };
            let message = format!("expected {}, found {found}", title());
            diagnostics.push(Diagnostic::new(Code::InvalidValue, location.span(), message));
        }
        ValidationErrorKind::UniqueItems => {
            let message = format!("expected {} without repetition, found a repeated value", title());
            diagnostics.push(Diagnostic::new(Code::InvalidValue, location.span(), message));
        }
        ValidationErrorKind::FalseSchema => {
            // In `properties: {key: false}`: the title is two levels above the key.
            let above = path.strip_suffix("/false").unwrap_or(path);
            let title = above.rsplit_once("/properties/").and_then(|(parent, _)| schema.pointer(parent));
            let title = title.and_then(|parent| parent.get("title")).and_then(Json::as_str).unwrap_or("not allowed");
            let span = location.entry.map_or_else(|| location.span(), |entry| entry.key_span);
            diagnostics.push(Diagnostic::new(Code::UnknownKey, span, title.to_owned()));
        }
        _ => {
            let is_number = title().starts_with("the number");
            let found = if is_number { location.node.described() } else { found(location.node) };
            let message = format!("expected {}, found {found}", title());
            diagnostics.push(
                Diagnostic::new(Code::InvalidValue, location.span(), message)
                    .advice(help::invalid_value(location, title())),
            );
        }
    }
}

/// Returns the known key that an unknown key probably stands for.
fn intended<'k>(unknown: &str, known: &[&'k str]) -> Option<&'k str> {
    synonym(unknown, known).or_else(|| closest(unknown, known.iter().copied()))
}

fn lower_first(text: &str) -> String {
    let mut chars = text.trim_end_matches('.').chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
