//! Validates the values of variants with the JSON Schemas that their flags name.
//!
//! The input is loaded flags. The module adds a diagnostic for each value that does not satisfy its schema, and for
//! each schema that cannot be used. Each schema is compiled once, even if many flags name it.
//!
//! **Invariant:** only schemas inside the repository are read, with the same rules as for links.
//! **Invariant:** messages do not show the content of a schema.

use std::collections::BTreeMap;

use jsonschema::Validator;

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::load::loaded::Loaded;
use crate::model::Flag;
use crate::schema;
use crate::snapshot::{Fault, File, Snapshot};
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
            let validator = match source.read(&path.value)? {
                None => Err("does not exist".to_owned()),
                Some(File { fault: Some(fault @ (Fault::Encoding(_) | Fault::Utf16)), text, .. }) => {
                    let line = text.matches('\n').count() + 1;
                    Err(format!("{fault}, in line {line}; {}", fault.help()))
                }
                Some(File { fault: Some(fault), .. }) => Err(format!("{fault}; {}", fault.help())),
                Some(file) => compile_schema(file, snapshot),
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

/// Compiles a JSON Schema, which may be JSON or YAML. The reason why it cannot be used does not show its content,
/// because the path in a flag may be the path of any file of the repository.
fn compile_schema(file: File, snapshot: &mut Snapshot) -> Result<Validator, String> {
    let mut problems = Vec::new();
    let id = snapshot.add(file);
    let document = yaml::parse(id, snapshot.file(id), &mut problems);
    if let Some(problem) = problems.first().filter(|_| document.completeness == Completeness::Incomplete) {
        let (line, column) = snapshot.position(id, problem.span.start);
        return Err(format!("is not a JSON Schema: it has an error in line {line}, column {column}"));
    }
    let json = document.root.to_json();
    if !json.is_object() && !json.is_boolean() {
        return Err("is not a JSON Schema: expected a mapping".to_owned());
    }
    jsonschema::validator_for(&json).map_err(|error| {
        let location = error.instance_path().to_string();
        let error = error.masked().to_string();
        match location.as_str() {
            "" => format!("is not a JSON Schema: {error}"),
            location => format!("is not a JSON Schema: {error}, at `{location}`"),
        }
    })
}
