//! Validates files with their schemas, and values of variants with the schemas of users.

use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;

use crate::diag::Diagnostics;
use crate::model::DefinitionKind;
use crate::schema::location::Location;
use crate::schema::message::report;
use crate::schema::published::schema;
use crate::snapshot::Span;
use crate::yaml::Node;

/// Reports every departure of a file from the schema of its kind.
pub fn check(kind: DefinitionKind, root: &Node, diagnostics: &mut Diagnostics) {
    let schema = schema(kind);
    let json = root.to_json();
    if schema.validator.is_valid(&json) {
        return;
    }
    for error in schema.validator.iter_errors(&json) {
        let location = Location::find(root, error.instance_path().as_str());
        report(&error, &location, &schema.json, diagnostics);
    }
}

/// Calls `report` for every departure of a variant's value from the schema that its flag names, with the position and a
/// message.
pub fn check_value(validator: &Validator, value: &Node, mut report: impl FnMut(Span, String)) {
    for error in validator.iter_errors(&value.to_json()) {
        let location = Location::find(value, error.instance_path().as_str());
        let message = match error.kind() {
            // The message of the library names only two of the options.
            ValidationErrorKind::Enum { options } => format!("{} is not one of {options}", error.instance()),
            _ => error.to_string(),
        };
        report(location.span(), message);
    }
}
