//! The flag manifest of OpenFeature's command line, which generates typed accessors from the keys, types, defaults and
//! descriptions in it.

use serde_json::{Map, Value as Json, json};

use crate::bundle::Flag;

/// A flag, and the part of its definition that a bundle does not contain.
#[derive(Debug, Clone, Copy)]
pub struct DescribedFlag<'f> {
    /// The compiled flag. The value of its `off` variant becomes the default in the application.
    pub flag: &'f Flag,
    /// The description, or `None` if the definition has none, or if the flag was read from a bundle.
    pub description: Option<&'f str>,
}

/// Returns the manifest of these flags, in the given order.
pub fn manifest(flags: &[DescribedFlag<'_>]) -> Json {
    let flags: Map<String, Json> =
        flags.iter().map(|described| (described.flag.key.to_string(), entry(described))).collect();
    json!({
        "$schema": "https://raw.githubusercontent.com/open-feature/cli/main/schema/v0/flag-manifest.json",
        "flags": flags,
    })
}

fn entry(described: &DescribedFlag<'_>) -> Json {
    let flag = described.flag;
    let mut values = flag.variants.iter().map(|variant| &variant.value);
    let off = &flag.variant(flag.off).value;
    let (flag_type, default) = match off {
        Json::Bool(_) => ("boolean", off.clone()),
        Json::String(_) => ("string", off.clone()),
        // `24.0` is a float, because it is written as one. With it, all values of the flag are floats.
        Json::Number(_) if values.all(|value| value.is_i64() || value.is_u64()) => ("integer", off.clone()),
        Json::Number(_) => ("float", off.clone()),
        Json::Null | Json::Array(_) | Json::Object(_) => ("object", off.clone()),
    };
    let mut entry = Map::new();
    entry.insert("flagType".to_owned(), json!(flag_type));
    entry.insert("defaultValue".to_owned(), default);
    entry.extend(described.description.map(|text| ("description".to_owned(), json!(text))));
    Json::Object(entry)
}
