//! A context on the command line, from single attributes or from a file.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::builder::{OsStringValueParser, TypedValueParser as _};
use serde_json::{Map, Value as Json, json};

use crate::bundle::{Attribute, AttributeId, Attributes, DottedVersion, Element, NOW, Type};
use crate::cli::console;
use crate::codes::Code;
use crate::diag::{Diagnostic, did_you_mean_or_list};
use crate::eval::{Context, Value};
use crate::load::MAX_CONTEXT_BYTES;
use crate::snapshot::{FileId, Snapshot};
use crate::yaml;
use crate::yaml::Completeness;

/// A context on the command line.
#[derive(Debug, clap::Args)]
pub(crate) struct ContextArgs {
    /// An attribute of the context; may be repeated; see `flagctl help contexts`
    #[arg(short = 'c', long = "attribute", value_name = "NAME=VALUE", value_parser = parse_attribute)]
    pub(crate) attributes: Vec<(String, String)>,
    /// The context as a JSON object, a JSON or YAML file, or `-` for stdin; `-c` overrides its attributes
    #[arg(long, value_name = "JSON|FILE", value_parser = OsStringValueParser::new().map(ContextInput::from))]
    pub(crate) context: Option<ContextInput>,
}

/// The argument of `--context`.
#[derive(Debug, Clone)]
pub(crate) enum ContextInput {
    /// The context itself, as JSON.
    Json(String),
    /// The path of a file, or `-` for stdin.
    File(PathBuf),
}

impl From<OsString> for ContextInput {
    fn from(argument: OsString) -> Self {
        match argument.to_str() {
            Some(text) if text.trim_start().starts_with('{') => Self::Json(text.to_owned()),
            _ => Self::File(PathBuf::from(argument)),
        }
    }
}

/// Parses `NAME=VALUE`.
fn parse_attribute(argument: &str) -> Result<(String, String), String> {
    let (name, text) = argument.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), text.to_owned()))
}

/// Reads the argument of `--context`: JSON, a JSON or YAML file, or stdin if the path is `-`. Returns `None` if `input`
/// is `None`.
pub(crate) fn given(input: Option<&ContextInput>) -> Result<Option<Json>> {
    let path = match input {
        None => return Ok(None),
        Some(ContextInput::Json(text)) => {
            return Ok(Some(serde_json::from_str(text).context("the value of `--context` is not JSON")?));
        }
        Some(ContextInput::File(path)) => path,
    };
    let shown = path.display().to_string();
    let mut bytes = Vec::new();
    open(path)?
        .take(MAX_CONTEXT_BYTES + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("cannot read `{shown}`"))?;
    if bytes.len() as u64 > MAX_CONTEXT_BYTES {
        bail!("`{shown}` has more than {MAX_CONTEXT_BYTES} bytes");
    }
    let file = crate::snapshot::File::new(shown.clone(), bytes);
    let text = file.content();
    if file.fault.is_none() && text.trim_ascii_start().starts_with('{') {
        let json = serde_json::from_str(text).with_context(|| format!("`{shown}` is not JSON"))?;
        return Ok(Some(json));
    }
    let mut diagnostics = Vec::new();
    let mut snapshot = Snapshot::default();
    let document = yaml::parse(FileId(0), &file, &mut diagnostics);
    snapshot.add(file);
    // JSON would not read a number beyond the limits as a text, so YAML must not do so either.
    let refused = |diagnostic: &&Diagnostic| {
        document.completeness == Completeness::Incomplete || diagnostic.code == Code::InexactNumber
    };
    match diagnostics.iter().find(refused) {
        Some(first) => Err(anyhow!("{}: {}", snapshot.location(first.span), first.message)),
        None => Ok(Some(document.root.to_json())),
    }
}

/// Opens a file, or stdin if the path is `-`.
pub(crate) fn open(path: &Path) -> Result<Box<dyn Read + Send>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin()));
    }
    let file = File::open(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(Box::new(file))
}

/// Makes a context from the attributes of `--context` and from single attributes, which override those of the file.
pub(crate) fn read<'j>(
    attributes: &Attributes,
    file: Option<&'j Json>,
    given: &[(String, String)],
) -> Result<Context<'j>> {
    let mut context = match file {
        None => Context::empty(attributes),
        Some(json) => {
            let parsed = Context::from_json(attributes, json)?;
            if let Some(name) = parsed.undeclared.first() {
                return Err(unknown_attribute(attributes, name));
            }
            parsed.context
        }
    };
    for (name, text) in given {
        let (id, attribute) = attributes
            .find(name)
            .and_then(|id| Some((id, attributes.get(id)?)))
            .ok_or_else(|| unknown_attribute(attributes, name))?;
        if id == AttributeId::NOW {
            bail!("`{NOW}` is the time of the decision; set it with `--now TIME`");
        }
        let json = typed(attribute, text);
        match Value::from_json(attribute, &json) {
            Value::Unusable(_) => bail!("`{text}` is not a value of `{name}`{}", expectation(attribute, text)),
            value => context.set(id, value.into_owned()),
        }
    }
    Ok(context)
}

/// Returns the same context as JSON, for definitions that declare other attributes. Single attributes get the types
/// that `attributes` declares.
pub(crate) fn json(attributes: &Attributes, file: Option<Json>, given: &[(String, String)]) -> Json {
    let mut object = match file {
        Some(Json::Object(object)) => object,
        _ => Map::new(),
    };
    for (name, text) in given {
        if let Some(attribute) = attributes.find(name).and_then(|id| attributes.get(id)) {
            remove(&mut object, name);
            object.insert(name.clone(), typed(attribute, text));
        }
    }
    Json::Object(object)
}

/// Removes an attribute. The file may contain it as a dotted name or as nested objects.
fn remove(object: &mut Map<String, Json>, name: &str) {
    object.remove(name);
    for (index, dot) in name.match_indices('.') {
        if let (Some(outer), Some(inner)) = (name.get(..index), name.get(index + dot.len()..))
            && let Some(Json::Object(nested)) = object.get_mut(outer)
        {
            remove(nested, inner);
        }
    }
}

/// Reports the attributes whose values do not have the declared type. No condition on such an attribute holds.
pub(crate) fn note_unusable(attributes: &Attributes, context: &Context<'_>) {
    for (id, attribute) in attributes.iter() {
        if let Value::Unusable(json) = context.value(id) {
            let text = json.as_str().map_or_else(|| json.to_string(), str::to_owned);
            console::note(format!("{json} is not a value of `{}`{}", attribute.name, expectation(attribute, &text)));
        }
    }
}

/// Converts text to JSON of the attribute's type. Returns a string if the text does not have this type.
fn typed(attribute: &Attribute, text: &str) -> Json {
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

fn unknown_attribute(attributes: &Attributes, name: &str) -> anyhow::Error {
    let names: Vec<&str> = attributes.iter().map(|(_, attribute)| attribute.name.as_ref()).collect();
    let names = names.into_iter().filter(|name| *name != NOW);
    let help = did_you_mean_or_list(name, "flagctl.yaml declares", names);
    anyhow!("`{name}` is not an attribute; {help}")
}
