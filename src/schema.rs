//! The shape of each kind of file, as `schemas/` has it.
//!
//! Takes a file's tree; gives a diagnostic for every departure from its schema. The schemas' `title`s are
//! what was expected, in words, and their `description`s are the help: editors and diagnostics say the same.
//!
//! **Invariant:** names are not resolved and values not interpreted here.

use std::sync::OnceLock;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::Value as Json;

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics, closest, did_you_mean};
use crate::model::DefinitionKind;
use crate::snapshot::Span;
use crate::yaml::{Entry, Node, Value};

/// The text of a kind's schema, as published.
pub fn text(kind: DefinitionKind) -> &'static str {
    match kind {
        DefinitionKind::Project => include_str!("../schemas/project.schema.json"),
        DefinitionKind::Flag => include_str!("../schemas/flag.schema.json"),
        DefinitionKind::Segment => include_str!("../schemas/segment.schema.json"),
        DefinitionKind::Kill => include_str!("../schemas/kill.schema.json"),
        DefinitionKind::Test => include_str!("../schemas/test.schema.json"),
    }
}

struct Schema {
    json: Json,
    validator: Validator,
}

#[allow(clippy::expect_used, reason = "the schemas are part of the program, and a test compiles each")]
fn schema(kind: DefinitionKind) -> &'static Schema {
    static PROJECT: OnceLock<Schema> = OnceLock::new();
    static FLAG: OnceLock<Schema> = OnceLock::new();
    static SEGMENT: OnceLock<Schema> = OnceLock::new();
    static KILL: OnceLock<Schema> = OnceLock::new();
    static TEST: OnceLock<Schema> = OnceLock::new();
    let home = match kind {
        DefinitionKind::Project => &PROJECT,
        DefinitionKind::Flag => &FLAG,
        DefinitionKind::Segment => &SEGMENT,
        DefinitionKind::Kill => &KILL,
        DefinitionKind::Test => &TEST,
    };
    home.get_or_init(|| {
        let json = serde_json::from_str(text(kind)).expect("a schema is JSON");
        let options = jsonschema::options().should_validate_formats(true);
        let validator = options.build(&json).expect("a schema is a schema");
        Schema { json, validator }
    })
}

/// Reports every departure of a file from the schema of its kind.
pub fn check(kind: DefinitionKind, root: &Node, diagnostics: &mut Diagnostics) {
    let schema = schema(kind);
    let json = root.to_json();
    if schema.validator.is_valid(&json) {
        return;
    }
    for error in schema.validator.iter_errors(&json) {
        let place = Place::find(root, error.instance_path().as_str());
        translate(&error, &place, &schema.json, diagnostics);
    }
}

/// Reports every departure of a variant's value from the schema that its flag names.
pub fn check_value(validator: &Validator, value: &Node, mut report: impl FnMut(Span, String)) {
    for error in validator.iter_errors(&value.to_json()) {
        let place = Place::find(value, error.instance_path().as_str());
        let message = match error.kind() {
            // The library's own sentence names two of the options only.
            ValidationErrorKind::Enum { options } => format!("{} is not one of {options}", error.instance()),
            _ => error.to_string(),
        };
        report(place.head(), message);
    }
}

/// The title of what may stand below an attribute in a condition.
const OPERATORS: &str = "operators and their operands";

/// A value in a tree, found by its path.
struct Place<'n> {
    node: &'n Node,
    /// The entry that it is the value of; none at the root and in lists.
    entry: Option<&'n Entry>,
    /// How far below the root it is.
    depth: usize,
}

impl<'n> Place<'n> {
    fn find(root: &'n Node, pointer: &str) -> Self {
        let mut place = Self { node: root, entry: None, depth: 0 };
        for part in pointer.split('/').skip(1) {
            let part = part.replace("~1", "/").replace("~0", "~");
            let next = match &place.node.value {
                Value::List(items) => part.parse().ok().and_then(|at: usize| items.get(at)).map(|node| (node, None)),
                _ => place.node.entry(&part).map(|entry| (&entry.value, Some(entry))),
            };
            match next {
                Some((node, entry)) => place = Self { node, entry, depth: place.depth + 1 },
                None => break,
            }
        }
        place
    }

    /// Where to point at the value as a whole: its key, if it is a mapping or left out.
    fn head(&self) -> Span {
        let long = matches!(self.node.value, Value::Map(_) | Value::List(_) | Value::Null);
        match (self.entry, self.node.entries().first()) {
            (Some(entry), _) if long => entry.key_span,
            (None, Some(first)) => first.key_span,
            _ => self.node.span,
        }
    }
}

fn translate(error: &ValidationError<'_>, place: &Place<'_>, schema: &Json, diagnostics: &mut Diagnostics) {
    // The keyword that failed is the last part of the path; its neighbours are the title and the rest.
    let path = error.schema_path().as_str();
    let (holder, _) = path.rsplit_once('/').unwrap_or((path, ""));
    let holder = schema.pointer(holder).unwrap_or(&Json::Null);
    let title = || holder.get("title").and_then(Json::as_str).unwrap_or("another value");
    let found = |place: &Place<'_>| match &place.node.value {
        Value::Text(text) if text.is_empty() => "an empty string".to_owned(),
        Value::Text(_) | Value::Number(..) | Value::Boolean(_) => format!("`{}`", place.node.written()),
        _ => place.node.type_name().to_owned(),
    };
    let properties = || {
        let names = holder.get("properties").and_then(Json::as_object);
        names.into_iter().flat_map(|names| names.keys().map(String::as_str)).collect::<Vec<_>>()
    };
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            for key in unexpected {
                let span = place.node.entry(key).map_or_else(|| place.head(), |entry| entry.key_span);
                let known = properties();
                let help = match (key.as_str(), did_you_mean(key, known.iter().copied())) {
                    ("key" | "name", _) if place.depth == 0 => {
                        "its file's name, without `.yaml`, is the name: remove the line".to_owned()
                    }
                    (_, Some(help)) => help,
                    _ if title() == OPERATORS => format!(
                        "the operators are {}; a nested attribute has a dotted name, such as `app.version`",
                        listed(&known)
                    ),
                    _ => format!("the keys here are {}", listed(&known)),
                };
                diagnostics.push(Diagnostic::new(Code::UnknownKey, span, format!("unknown key `{key}`")).help(help));
            }
        }
        ValidationErrorKind::Required { property } => {
            let key = property.as_str().unwrap_or_default();
            let described = holder.pointer(&format!("/properties/{key}/description")).and_then(Json::as_str);
            let described = described.map(|text| format!("`{key}:` {}", lower_first(text)));
            diagnostics.push(
                Diagnostic::new(Code::MissingKey, place.head(), format!("`{key}` is missing")).maybe_help(described),
            );
        }
        ValidationErrorKind::PropertyNames { error: name } => {
            let key = name.instance().as_str().unwrap_or_default().to_owned();
            let span = place.node.entry(&key).map_or_else(|| place.head(), |entry| entry.key_span);
            let path = name.schema_path().as_str();
            let holder = path.rsplit_once('/').and_then(|(holder, _)| schema.pointer(holder));
            let title = holder.and_then(|holder| holder.get("title")).and_then(Json::as_str).unwrap_or("another name");
            diagnostics.push(Diagnostic::new(Code::InvalidValue, span, format!("expected {title}, found `{key}`")));
        }
        ValidationErrorKind::Type { .. } => {
            let message = format!("expected {}, found {}", title(), typed(place.node));
            diagnostics
                .push(Diagnostic::new(Code::WrongType, place.head(), message).maybe_help(trap(place.node, holder)));
        }
        ValidationErrorKind::Enum { options } => {
            let options: Vec<_> = options.as_array().into_iter().flatten().filter_map(Json::as_str).collect();
            let message = format!("expected {}, found {}", title(), found(place));
            let help = place.node.as_text().and_then(|text| closest(text, options.iter().copied()));
            let help =
                help.map_or_else(|| format!("one of {}", listed(&options)), |one| format!("did you mean `{one}`?"));
            diagnostics.push(Diagnostic::new(Code::InvalidValue, place.head(), message).help(help));
        }
        // Where there is an unknown key, that is what is missing: it has been reported.
        ValidationErrorKind::OneOfNotValid { .. }
            if place.node.entries().iter().any(|entry| !properties().contains(&entry.key.as_str())) => {}
        ValidationErrorKind::AnyOf { .. } if place.node.entries().iter().any(|entry| entry.key != "ignore_case") => {}
        ValidationErrorKind::MinProperties { .. } | ValidationErrorKind::AnyOf { .. } if title() == OPERATORS => {
            diagnostics.push(
                Diagnostic::new(Code::EmptyCondition, place.head(), "nothing is asked of the attribute")
                    .help("name an operator and its operand, such as `{eq: DE}`"),
            );
        }
        ValidationErrorKind::MinProperties { .. } if title() == "a condition" => {
            diagnostics.push(
                Diagnostic::new(Code::EmptyCondition, place.head(), "a condition without conditions")
                    .help("leave a rule's `if` out to serve everyone; a segment must say whom it contains"),
            );
        }
        ValidationErrorKind::MinProperties { .. } | ValidationErrorKind::MinItems { .. } => {
            let found = if place.node.entries().is_empty() { "an empty one" } else { "a smaller one" };
            let message = format!("expected {}, found {found}", title());
            diagnostics.push(Diagnostic::new(Code::InvalidValue, place.head(), message));
        }
        ValidationErrorKind::UniqueItems => {
            let message = format!("expected {} that are all different", title());
            diagnostics.push(Diagnostic::new(Code::InvalidValue, place.head(), message));
        }
        ValidationErrorKind::FalseSchema => {
            // `properties: {key: false}`: the title stands two levels above the key.
            let above = path.strip_suffix("/false").unwrap_or(path);
            let title = above.rsplit_once("/properties/").and_then(|(holder, _)| schema.pointer(holder));
            let title = title.and_then(|holder| holder.get("title")).and_then(Json::as_str).unwrap_or("not allowed");
            let span = place.entry.map_or_else(|| place.head(), |entry| entry.key_span);
            diagnostics.push(Diagnostic::new(Code::UnknownKey, span, title.to_owned()));
        }
        _ => {
            let message = format!("expected {}, found {}", title(), found(place));
            diagnostics.push(
                Diagnostic::new(Code::InvalidValue, place.head(), message).maybe_help(percent(place.node, title())),
            );
        }
    }
}

fn typed(node: &Node) -> String {
    match &node.value {
        Value::Text(text) => format!("the string `{text}`"),
        Value::Number(_, written) => format!("the number `{written}`"),
        Value::Boolean(_) => format!("the boolean `{}`", node.written()),
        _ => node.type_name().to_owned(),
    }
}

/// What to write where YAML reads a scalar as another type than its author.
fn trap(node: &Node, holder: &Json) -> Option<String> {
    let types = holder.get("type");
    let wants = |name: &str| match types {
        Some(Json::String(one)) => one == name,
        Some(Json::Array(several)) => several.iter().any(|one| one == name),
        _ => false,
    };
    let title = holder.get("title").and_then(Json::as_str).unwrap_or_default();
    match &node.value {
        Value::Text(text) if wants("boolean") => match text.to_ascii_lowercase().as_str() {
            "on" | "yes" | "y" => Some(format!("`{text}` is a string in YAML 1.2: write `true`")),
            "off" | "no" | "n" => Some(format!("`{text}` is a string in YAML 1.2: write `false`")),
            _ => None,
        },
        Value::Number(..) if title.starts_with("a percentage") => percent(node, title),
        Value::Boolean(_) if title.starts_with("a name of") || title.starts_with("a variant's name") => {
            Some(format!("`{}` is a value: write a name, such as `on` or `off`", node.written()))
        }
        Value::List(_) if title == "a mapping from flags to variants" => {
            Some("write a mapping, such as `{new-cart: on}`".to_owned())
        }
        Value::Number(..) | Value::Boolean(_) if wants("string") => {
            Some(format!("write `\"{}\"` to make it a string", node.written()))
        }
        _ => None,
    }
}

fn percent(node: &Node, title: &str) -> Option<String> {
    let any = title.starts_with("a percentage") && !title.starts_with("a percentage below");
    let written = any.then(|| node.written().trim().trim_end_matches('%').trim_end())?;
    let with_sign = format!("{written}%");
    with_sign.parse::<crate::bundle::Percent>().is_ok().then(|| format!("write `{with_sign}`"))
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn lower_first(text: &str) -> String {
    let mut chars = text.trim_end_matches('.').chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
