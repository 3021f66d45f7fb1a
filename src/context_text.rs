//! Contexts that people type: attributes as `NAME=VALUE`, or a JSON object.
//!
//! A typed value has no quotes, so the declared type of its attribute decides whether `2` is a number or a text. The input
//! is the texts and the context schema. The output is a [`Context`], or the reason in words, with a similar name or the
//! expected form. The command line and the page of the server have the same rules.

use serde_json::{Value as Json, json};

use crate::bundle::{Attribute, AttributeId, Attributes, DottedVersion, Element, NOW, Type};
use crate::diag::did_you_mean_or_list;
use crate::eval::{Context, ContextError, Value};

/// The reason why a text is not a context.
#[derive(Debug, thiserror::Error)]
pub enum ContextTextError {
    /// The text begins like a JSON object and is not JSON.
    #[error("the text is not JSON: {0}")]
    Syntax(#[from] serde_json::Error),
    /// The JSON is not a context.
    #[error(transparent)]
    Context(#[from] ContextError),
    /// A line is not an attribute with its value.
    #[error("`{0}` is not an attribute and its value: expected NAME=VALUE, such as `country=US`")]
    Line(String),
    /// The schema has no such attribute. The second text is advice.
    #[error("`{0}` is not an attribute; {1}")]
    Unknown(String, String),
    /// The text sets the time of the decision.
    #[error("`{NOW}` is the time of the decision; a context cannot set it")]
    Now,
    /// The value does not have the type of its attribute. The third text is the expectation, or empty.
    #[error("`{0}` is not a value of `{1}`{2}")]
    Value(String, String, String),
}

/// Reads a context from lines of `NAME=VALUE`, or from a JSON object. White space around names and values, and empty
/// lines are ignored.
///
/// # Errors
/// Returns [`ContextTextError`] if the text is not a context.
pub fn parse(attributes: &Attributes, text: &str) -> Result<Context<'static>, ContextTextError> {
    if text.trim_start().starts_with('{') {
        let json: Json = serde_json::from_str(text)?;
        return Ok(from_json(attributes, &json)?.into_owned());
    }
    let mut context = Context::empty(attributes);
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once('=').ok_or_else(|| ContextTextError::Line(line.to_owned()))?;
        set(attributes, &mut context, name.trim_end(), value.trim_start())?;
    }
    Ok(context)
}

/// Reads a context from JSON, whose attributes must all be declared.
///
/// # Errors
/// Returns [`ContextTextError`] if the JSON is not a context, or has other attributes.
pub fn from_json<'j>(attributes: &Attributes, json: &'j Json) -> Result<Context<'j>, ContextTextError> {
    let parsed = Context::from_json(attributes, json)?;
    match parsed.undeclared.first() {
        Some(name) => Err(unknown(attributes, name)),
        None => Ok(parsed.context),
    }
}

/// Sets an attribute to a typed value.
///
/// # Errors
/// Returns [`ContextTextError`] if the schema has no such attribute, or if the text is not a value of it.
pub fn set(attributes: &Attributes, context: &mut Context<'_>, name: &str, text: &str) -> Result<(), ContextTextError> {
    let found = attributes.find(name).and_then(|id| Some((id, attributes.get(id)?)));
    let (id, attribute) = found.ok_or_else(|| unknown(attributes, name))?;
    if id == AttributeId::NOW {
        return Err(ContextTextError::Now);
    }
    match Value::from_json(attribute, &typed(attribute, text)) {
        Value::Unusable(_) => {
            Err(ContextTextError::Value(text.to_owned(), name.to_owned(), expectation(attribute, text)))
        }
        value => {
            context.set(id, value.into_owned());
            Ok(())
        }
    }
}

/// Returns a sentence about each attribute whose value does not have the declared type. No condition on such an attribute
/// holds.
pub fn unusable(attributes: &Attributes, context: &Context<'_>) -> Vec<String> {
    let sentence = |(id, attribute): (AttributeId, &Attribute)| match context.value(id) {
        Value::Unusable(json) => {
            let text = json.as_str().map_or_else(|| json.to_string(), str::to_owned);
            Some(format!("{json} is not a value of `{}`{}", attribute.name, expectation(attribute, &text)))
        }
        _ => None,
    };
    attributes.iter().filter_map(sentence).collect()
}

/// Converts text to JSON of the attribute's type. Returns a string if the text does not have this type.
pub fn typed(attribute: &Attribute, text: &str) -> Json {
    let number = |text: &str| text.parse::<serde_json::Number>().map_or(json!(text), Json::Number);
    match attribute.kind {
        Type::Boolean => text.parse::<bool>().map_or(json!(text), Json::Bool),
        Type::Number => number(text),
        Type::String | Type::Semver | Type::Version | Type::Datetime | Type::Ip => json!(text),
        Type::List(_) if text.starts_with('[') => serde_json::from_str(text).unwrap_or(json!(text)),
        Type::List(_) if text.is_empty() => json!([]),
        Type::List(Element::String) => text.split(',').map(|item| json!(item)).collect(),
        Type::List(Element::Number) => text.split(',').map(number).collect(),
    }
}

/// Returns a description of the expected value of an attribute, for the end of an error message.
fn expectation(attribute: &Attribute, text: &str) -> String {
    if let Some(allowed) = &attribute.allowed {
        return format!("; {}", did_you_mean_or_list(text, "its values are", allowed.iter().map(AsRef::as_ref)));
    }
    let example = match attribute.kind {
        Type::Boolean => "`true` or `false`",
        Type::Number => "a number such as `12.5`, up to 2^53 - 1",
        Type::String => "text",
        Type::Semver if text.parse::<DottedVersion>().is_ok() => {
            "a version of three numbers, such as `2.4.0`, unless `flagctl.yaml` declares the type `version`"
        }
        Type::Semver => "a version such as `2.4.0`",
        Type::Version => "a version such as `17.4`",
        Type::Datetime => "a time with an offset, such as `2026-11-22T11:02:00Z`",
        Type::Ip => "an address such as `192.0.2.1`",
        Type::List(Element::String) => "texts with commas between them, or a JSON list",
        Type::List(Element::Number) => "numbers with commas between them, or a JSON list",
    };
    format!("; expected {example}")
}

fn unknown(attributes: &Attributes, name: &str) -> ContextTextError {
    let names: Vec<&str> = attributes.iter().map(|(_, attribute)| attribute.name.as_ref()).collect();
    let names = names.into_iter().filter(|name| *name != NOW);
    ContextTextError::Unknown(name.to_owned(), did_you_mean_or_list(name, "flagctl.yaml declares", names))
}
