//! Validates files with the schemas of their kinds.

use std::collections::BTreeSet;

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};

use crate::diag::Diagnostics;
use crate::model::DefinitionKind;
use crate::schema::location::Location;
use crate::schema::message::report;
use crate::schema::published::schema;
use crate::schema::repeated::RepeatedMistakes;
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
    let errors: Vec<ValidationError<'_>> = schema.validator.iter_errors(&json).take(MAX_ERRORS).collect();
    // If a value may have several types, a schema for one of them describes only a part of what is expected.
    let several_types: BTreeSet<&str> =
        errors.iter().filter(|error| matches!(type_kind(error), Some(TypeKind::Multiple(_)))).map(path).collect();
    // The key that a message about the number of keys names is not reported as missing, too.
    let one_of: BTreeSet<&str> = errors.iter().filter(|error| is_one_of(error)).map(path).collect();
    let mut repeated = RepeatedMistakes::default();
    for error in &errors {
        if matches!(type_kind(error), Some(TypeKind::Single(_))) && several_types.contains(path(error)) {
            continue;
        }
        if matches!(error.kind(), ValidationErrorKind::Required { .. }) && one_of.contains(path(error)) {
            continue;
        }
        let location = Location::find(root, error.instance_path().as_str());
        let mut found = Diagnostics::new();
        report(error, &location, &schema.json, &mut found);
        repeated.add(root, error, found);
    }
    diagnostics.extend(repeated.into_diagnostics());
}

fn is_one_of(error: &ValidationError<'_>) -> bool {
    matches!(error.kind(), ValidationErrorKind::OneOfNotValid { .. } | ValidationErrorKind::OneOfMultipleValid { .. })
}

fn path<'e>(error: &'e ValidationError<'_>) -> &'e str {
    error.instance_path().as_str()
}

fn type_kind<'e>(error: &'e ValidationError<'_>) -> Option<&'e TypeKind> {
    match error.kind() {
        ValidationErrorKind::Type { kind } => Some(kind),
        _ => None,
    }
}
