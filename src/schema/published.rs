//! The published schemas, and their compiled form.

use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::Value as Json;

use crate::model::DefinitionKind;

/// Returns the published text of the schema for a kind of file.
pub fn text(kind: DefinitionKind) -> &'static str {
    match kind {
        DefinitionKind::Project => include_str!("../../schemas/project.schema.json"),
        DefinitionKind::Flag => include_str!("../../schemas/flag.schema.json"),
        DefinitionKind::Segment => include_str!("../../schemas/segment.schema.json"),
        DefinitionKind::Layer => include_str!("../../schemas/layer.schema.json"),
        DefinitionKind::Kill => include_str!("../../schemas/kill.schema.json"),
        DefinitionKind::Test => include_str!("../../schemas/test.schema.json"),
    }
}

/// Returns the schema for a kind of file as JSON.
pub fn json(kind: DefinitionKind) -> &'static Json {
    &schema(kind).json
}

/// A schema in two forms: JSON for its titles and descriptions, and compiled for validation.
pub(super) struct Schema {
    pub(super) json: Json,
    pub(super) validator: Validator,
}

/// Returns the schema for a kind of file, compiled on first use.
#[allow(clippy::expect_used, reason = "the schemas are part of the program, and a test compiles each")]
pub(super) fn schema(kind: DefinitionKind) -> &'static Schema {
    static PROJECT: OnceLock<Schema> = OnceLock::new();
    static FLAG: OnceLock<Schema> = OnceLock::new();
    static SEGMENT: OnceLock<Schema> = OnceLock::new();
    static LAYER: OnceLock<Schema> = OnceLock::new();
    static KILL: OnceLock<Schema> = OnceLock::new();
    static TEST: OnceLock<Schema> = OnceLock::new();
    let slot = match kind {
        DefinitionKind::Project => &PROJECT,
        DefinitionKind::Flag => &FLAG,
        DefinitionKind::Segment => &SEGMENT,
        DefinitionKind::Layer => &LAYER,
        DefinitionKind::Kill => &KILL,
        DefinitionKind::Test => &TEST,
    };
    slot.get_or_init(|| {
        let json = serde_json::from_str(text(kind)).expect("a published schema is JSON");
        let options = jsonschema::options().should_validate_formats(true);
        let validator = options.build(&json).expect("a published schema is a JSON Schema");
        Schema { json, validator }
    })
}
