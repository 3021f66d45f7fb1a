//! Validates the values of variants with the JSON Schemas that their flags name.
//!
//! The input is loaded flags. The module adds a diagnostic for each value that does not satisfy its schema, and for
//! each schema that cannot be used. Each schema is compiled once, even if many flags name it, and only one at a time is
//! in memory.
//!
//! **Invariant:** only schemas inside the repository are read, with the same rules as for links.
//! **Invariant:** messages do not show the content of a schema.

use std::collections::BTreeMap;

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::load::loaded::Loaded;
use crate::model::Flag;
use crate::schema::{ValueSchema, ValueSchemaError};
use crate::snapshot::{Fault, File, Snapshot, Span};
use crate::source::{Source, SourceError};
use crate::yaml;
use crate::yaml::Completeness;

/// The maximum number of steps for the compilation of all schemas and the validation of all values.
const MAX_STEPS: u64 = 20_000_000;

/// Validates the values of all loaded flags.
///
/// # Errors
/// Returns [`SourceError`] if a schema exists and cannot be read.
pub(super) fn check(source: &Source, loaded: &mut Loaded) -> Result<(), SourceError> {
    let Loaded { snapshot, project, diagnostics, .. } = loaded;
    let mut by_schema: BTreeMap<&str, Vec<(&Flag, Span)>> = BTreeMap::new();
    for flag in &project.flags {
        if let Some(path) = &flag.schema {
            by_schema.entry(&path.value).or_default().push((flag, path.span));
        }
    }
    let mut steps = MAX_STEPS;
    for (path, flags) in by_schema {
        let schema = match source.read(path)? {
            None => Err(ValueSchemaError::Invalid("does not exist".to_owned())),
            Some(File { fault: Some(fault @ (Fault::Encoding(_) | Fault::Utf16)), text, .. }) => {
                let line = text.matches('\n').count() + 1;
                Err(ValueSchemaError::Invalid(format!("{fault}, in line {line}; {}", fault.help())))
            }
            Some(File { fault: Some(fault), .. }) => {
                Err(ValueSchemaError::Invalid(format!("{fault}; {}", fault.help())))
            }
            Some(file) => compile_schema(file, snapshot, &mut steps),
        };
        for (flag, span) in flags {
            let checked = match &schema {
                Ok(schema) => check_flag(flag, path, schema, &mut steps, diagnostics),
                Err(error) => Err(error.clone()),
            };
            diagnostics.extend(checked.err().map(|error| unusable(path, span, &error)));
        }
    }
    Ok(())
}

/// Returns the diagnostic for a schema that cannot be used.
fn unusable(path: &str, span: Span, error: &ValueSchemaError) -> Diagnostic {
    let (code, help) = match error {
        ValueSchemaError::Invalid(_) => (Code::ValueSchema, "write the path from the folder of `flagctl.yaml`"),
        ValueSchemaError::Limit(_) => (Code::LimitExceeded, "simplify the schema, or remove `schema` from the flag"),
    };
    Diagnostic::new(code, span, format!("the schema `{path}` {error}")).help(help)
}

/// Validates the values of one flag.
fn check_flag(
    flag: &Flag,
    path: &str,
    schema: &ValueSchema,
    steps: &mut u64,
    diagnostics: &mut Diagnostics,
) -> Result<(), ValueSchemaError> {
    for variant in &flag.variants {
        for violation in schema.violations(&variant.value, steps)? {
            let message = format!("`{}` does not satisfy `{path}`: {}", variant.name.value, violation.message);
            diagnostics.push(Diagnostic::new(Code::ValueSchema, violation.span, message));
        }
    }
    Ok(())
}

/// Compiles a JSON Schema, which may be JSON or YAML. The reason why it cannot be used does not show its content,
/// because the path in a flag may be the path of any file of the repository.
fn compile_schema(file: File, snapshot: &mut Snapshot, steps: &mut u64) -> Result<ValueSchema, ValueSchemaError> {
    let mut problems = Vec::new();
    let id = snapshot.add(file);
    let document = yaml::parse(id, snapshot.file(id), &mut problems);
    if let Some(problem) = problems.first().filter(|_| document.completeness == Completeness::Incomplete) {
        let (line, column) = snapshot.position(id, problem.span.start);
        let message = format!("is not a JSON Schema: it has an error in line {line}, column {column}");
        return Err(ValueSchemaError::Invalid(message));
    }
    ValueSchema::new(document.root.to_json(), steps)
}
