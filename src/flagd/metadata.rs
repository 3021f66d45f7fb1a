//! The metadata of an export, which flagd's clients show beside the flags.

use serde_json::{Map, Value as Json, json};

use crate::bundle::Bundle;

/// Returns the metadata of a bundle: its environment, and the commit that it was compiled from, if that is known.
pub fn metadata(bundle: &Bundle, commit: Option<&str>) -> Map<String, Json> {
    let mut metadata = Map::new();
    metadata.extend(commit.map(|commit| ("commit".to_owned(), json!(commit))));
    metadata.insert("environment".to_owned(), json!(bundle.environment));
    metadata
}
