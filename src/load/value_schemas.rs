//! Validates the values of variants with the JSON Schemas that their flags name.
//!
//! The input is loaded flags. The module adds a diagnostic for each value that does not satisfy its schema, and for
//! each schema that cannot be used. Each schema is compiled once, even if many flags name it.
//!
//! **Invariant:** only schemas inside the flag repository are read.

use std::collections::BTreeMap;

use jsonschema::Validator;

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::load::loaded::Loaded;
use crate::model::Flag;
use crate::schema;
use crate::source::{Source, SourceError};
use crate::yaml;
use crate::yaml::Completeness;

/// Validates the values of all loaded flags.
///
/// # Errors
/// Returns [`SourceError`] if a schema exists and cannot be read.
pub(super) fn check(source: &Source, loaded: &mut Loaded) -> Result<(), SourceError> {
    let Loaded { snapshot, project, diagnostics, .. } = loaded;
    let mut validators: BTreeMap<&str, Result<Validator, String>> = BTreeMap::new();
    for flag in &project.flags {
        let Some(path) = &flag.schema else { continue };
        if !validators.contains_key(path.value.as_str()) {
            let validator = match is_inside(&path.value).then(|| source.read(&path.value)).transpose()? {
                None => Err("is outside the repository".to_owned()),
                Some(None) => Err("does not exist".to_owned()),
                Some(Some(file)) => {
                    let id = snapshot.add(file);
                    let document = yaml::parse(id, snapshot.file(id), diagnostics);
                    let json = document.root.to_json();
                    match document.completeness {
                        Completeness::Complete => {
                            jsonschema::validator_for(&json).map_err(|error| format!("is not a JSON Schema: {error}"))
                        }
                        Completeness::Incomplete => Err("cannot be read".to_owned()),
                    }
                }
            };
            validators.insert(&path.value, validator);
        }
        match validators.get(path.value.as_str()) {
            Some(Ok(validator)) => check_flag(flag, &path.value, validator, diagnostics),
            Some(Err(reason)) => {
                let message = format!("the schema `{}` {reason}", path.value);
                let help = "write the path from the folder of `flagctl.yaml`";
                diagnostics.push(Diagnostic::new(Code::ValueSchema, path.span, message).help(help));
            }
            None => {}
        }
    }
    Ok(())
}

fn check_flag(flag: &Flag, path: &str, validator: &Validator, diagnostics: &mut Diagnostics) {
    for variant in &flag.variants {
        schema::check_value(validator, &variant.value, |span, error| {
            let message = format!("`{}` does not satisfy `{path}`: {error}", variant.name.value);
            diagnostics.push(Diagnostic::new(Code::ValueSchema, span, message));
        });
    }
}

/// Returns whether a path, relative to the root of the repository, stays inside the repository.
fn is_inside(path: &str) -> bool {
    let mut parts = path.split('/');
    !path.starts_with('/') && !path.contains('\\') && parts.all(|part| part != "..")
}
