//! Validates files with the schemas of their kinds.

use crate::diag::Diagnostics;
use crate::model::DefinitionKind;
use crate::schema::location::Location;
use crate::schema::message::report;
use crate::schema::published::schema;
use crate::yaml::Node;

/// The maximum number of violations that are reported in one file.
const MAX_ERRORS: usize = 1_000;

/// Reports the violations of the schema of a file's kind, at most `MAX_ERRORS`.
pub fn check(kind: DefinitionKind, root: &Node, diagnostics: &mut Diagnostics) {
    let schema = schema(kind);
    let json = root.to_json();
    if schema.validator.is_valid(&json) {
        return;
    }
    for error in schema.validator.iter_errors(&json).take(MAX_ERRORS) {
        let location = Location::find(root, error.instance_path().as_str());
        report(&error, &location, &schema.json, diagnostics);
    }
}
