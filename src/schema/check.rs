//! Validates files with the schemas of their kinds, and values of variants with the schemas that users write.

use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;

use crate::diag::Diagnostics;
use crate::model::DefinitionKind;
use crate::schema::location::Location;
use crate::schema::message::report;
use crate::schema::published::schema;
use crate::snapshot::Span;
use crate::yaml::Node;

/// Reports every violation of the schema of a file's kind.
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

/// Calls `report` with the position and a message for every violation of a flag's value schema by the value of a
/// variant.
pub fn check_value(validator: &Validator, value: &Node, mut report: impl FnMut(Span, String)) {
    for error in validator.iter_errors(&value.to_json()) {
        let location = Location::find(value, error.instance_path().as_str());
        let message = match error.kind() {
            // The library's message contains only two of the options.
            ValidationErrorKind::Enum { options } => format!("{} is not one of {options}", error.instance()),
            _ => error.to_string(),
        };
        report(location.span(), message);
    }
}
