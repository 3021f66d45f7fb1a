//! The OpenFeature command line's manifest: keys, types, defaults and descriptions, from which it writes typed
//! accessors.

use serde_json::{Map, Value as Json, json};

use crate::bundle::Flag;

/// What an application is told of a flag.
#[derive(Debug, Clone, Copy)]
pub struct Described<'f> {
    /// The value of its variant `off` is the application's own default.
    pub flag: &'f Flag,
    /// What it is for.
    pub description: Option<&'f str>,
}

/// The manifest of the flags, in their order.
pub fn manifest(flags: &[Described<'_>]) -> Json {
    let flags: Map<String, Json> = flags.iter().map(|one| (one.flag.key.to_string(), entry(one))).collect();
    json!({
        "$schema": "https://raw.githubusercontent.com/open-feature/cli/main/schema/v0/flag-manifest.json",
        "flags": flags,
    })
}

fn entry(described: &Described<'_>) -> Json {
    let flag = described.flag;
    let mut values = flag.variants.iter().map(|variant| &variant.value);
    let off = &flag.variant(flag.off).value;
    let (kind, value) = match off {
        Json::Bool(_) => ("boolean", off.clone()),
        Json::String(_) => ("string", off.clone()),
        Json::Number(_) => match (values.all(|value| whole(value).is_some()), whole(off)) {
            (true, Some(whole)) => ("integer", json!(whole)),
            _ => ("float", off.clone()),
        },
        _ => ("object", off.clone()),
    };
    let mut entry = Map::new();
    entry.insert("flagType".to_owned(), json!(kind));
    entry.insert("defaultValue".to_owned(), value);
    entry.extend(described.description.map(|text| ("description".to_owned(), json!(text))));
    Json::Object(entry)
}

/// Also of `24.0`.
#[allow(clippy::cast_possible_truncation, reason = "checked to be a whole number within ±2^53")]
fn whole(value: &Json) -> Option<i64> {
    let double = || value.as_f64().filter(|double| double.fract() == 0.0 && double.abs() <= 9_007_199_254_740_992.0);
    value.as_i64().or_else(|| double().map(|double| double as i64))
}
