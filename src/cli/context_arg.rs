//! A context on the command line, from single attributes or from a file.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::builder::{OsStringValueParser, TypedValueParser as _};
use serde_json::{Map, Value as Json};

use crate::bundle::{Attributes, NOW};
use crate::cli::console;
use crate::codes::Code;
use crate::context_text;
use crate::context_text::ContextTextError;
use crate::diag::Diagnostic;
use crate::eval::Context;
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
        Some(json) => context_text::from_json(attributes, json)?,
    };
    for (name, text) in given {
        match context_text::set(attributes, &mut context, name, text) {
            Err(ContextTextError::Now) => bail!("`{NOW}` is the time of the decision; set it with `--now TIME`"),
            set => set?,
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
            object.insert(name.clone(), context_text::typed(attribute, text));
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
    context_text::unusable(attributes, context).into_iter().for_each(console::note);
}
