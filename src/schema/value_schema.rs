//! JSON Schemas that users write for the values of variants.
//!
//! The input is a schema as JSON. The output is a [`ValueSchema`], which validates values. A schema may be written by
//! anybody who can push a branch, so its size, its patterns and the work for each value are bounded.
//!
//! **Invariant:** a reference leads to a part of the same schema. Nothing is fetched, and no other file is read.
//! **Invariant:** patterns are matched in linear time.

use std::fmt::{self, Write};

use jsonschema::error::ValidationErrorKind;
use jsonschema::{PatternOptions, Validator};
use serde_json::Value as Json;

use crate::schema::evaluation_work;
use crate::schema::location::Location;
use crate::schema::value_schema_error::ValueSchemaError;
use crate::snapshot::Span;
use crate::yaml::Node;

/// The maximum size of a schema: the number of its values, and one more for each 16 bytes of text.
const MAX_SIZE: u64 = 100_000;
/// The maximum number of regular expressions in a schema.
const MAX_PATTERNS: usize = 100;
/// The maximum size of a compiled regular expression in bytes.
const PATTERN_LIMIT: usize = 512 << 10;
/// The number of steps that the compilation of a regular expression counts.
const STEPS_OF_PATTERN: u64 = 10_000;
/// The maximum number of violations that are reported for one value.
const MAX_ERRORS: usize = 1_000;
/// The maximum length of a message in bytes. The messages of the library contain complete values and lists of options.
const MAX_MESSAGE: usize = 500;

/// A JSON Schema for the values of variants.
#[derive(Debug)]
pub struct ValueSchema {
    json: Json,
    validator: Validator,
}

/// A violation of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The position of the part that violates the schema.
    pub span: Span,
    /// The reason.
    pub message: String,
}

impl ValueSchema {
    /// Compiles a schema, and subtracts the work from `steps`, which all schemas of a repository share.
    ///
    /// # Errors
    /// Returns [`ValueSchemaError`] if it is not a JSON Schema, or if it exceeds a limit.
    pub fn new(json: Json, steps: &mut u64) -> Result<Self, ValueSchemaError> {
        if !json.is_object() && !json.is_boolean() {
            return Err(ValueSchemaError::Invalid("is not a JSON Schema: expected a mapping".to_owned()));
        }
        let size = evaluation_work::size(&json);
        if size > MAX_SIZE {
            return Err(ValueSchemaError::Limit(format!("has more than {MAX_SIZE} values")));
        }
        let mut features = Features::default();
        features.add(&json);
        if features.ids > usize::from(json.get("$id").is_some_and(Json::is_string)) {
            let message = "has an `$id` below its root: refer to a part as `#/$defs/NAME`";
            return Err(ValueSchemaError::Invalid(message.to_owned()));
        }
        if features.patterns > MAX_PATTERNS {
            return Err(ValueSchemaError::Limit(format!("has more than {MAX_PATTERNS} regular expressions")));
        }
        spend(steps, size + STEPS_OF_PATTERN * features.patterns as u64)?;
        let patterns = PatternOptions::regex().size_limit(PATTERN_LIMIT).dfa_size_limit(PATTERN_LIMIT);
        let options = jsonschema::options().offline().with_pattern_options(patterns);
        let validator = options.build(&json);
        Ok(Self { validator: validator.map_err(|error| not_a_schema(&error))?, json })
    }

    /// Returns the violations of the schema by a value, at most [`MAX_ERRORS`], and subtracts the work from `steps`.
    ///
    /// # Errors
    /// Returns [`ValueSchemaError`] if the work exceeds a limit, or if the schema has a reference that is not supported.
    pub fn violations(&self, value: &Node, steps: &mut u64) -> Result<Vec<Violation>, ValueSchemaError> {
        let json = value.to_json();
        spend(steps, evaluation_work::steps(&self.json, &json)?)?;
        let violation = |error: jsonschema::ValidationError<'_>| {
            let location = Location::find(value, error.instance_path().as_str());
            let message = match error.kind() {
                // The library's message contains only two of the options.
                ValidationErrorKind::Enum { options } => {
                    shortened(format_args!("{} is not one of {options}", error.instance()))
                }
                _ => shortened(format_args!("{error}")),
            };
            Violation { span: location.span(), message }
        };
        Ok(self.validator.iter_errors(&json).take(MAX_ERRORS).map(violation).collect())
    }
}

/// Returns the reason of the library without the content of the schema.
fn not_a_schema(error: &jsonschema::ValidationError<'_>) -> ValueSchemaError {
    let location = error.instance_path().to_string();
    let reason = shortened(format_args!("is not a JSON Schema: {}", error.masked()));
    ValueSchemaError::Invalid(match location.as_str() {
        "" => reason,
        location => format!("{reason}, at `{location}`"),
    })
}

fn spend(steps: &mut u64, work: u64) -> Result<(), ValueSchemaError> {
    let message = "needs more steps than all schemas of a repository together may need";
    *steps = steps.checked_sub(work).ok_or_else(|| ValueSchemaError::Limit(message.to_owned()))?;
    Ok(())
}

/// What is counted in a schema. Names in `properties` and in values count, too, so the count may be too high.
#[derive(Default)]
struct Features {
    ids: usize,
    patterns: usize,
}

impl Features {
    fn add(&mut self, json: &Json) {
        match json {
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
            Json::Array(items) => items.iter().for_each(|item| self.add(item)),
            Json::Object(entries) => {
                for (keyword, operand) in entries {
                    match (keyword.as_str(), operand) {
                        ("$id" | "id", Json::String(_)) => self.ids += 1,
                        ("pattern", Json::String(_)) => self.patterns += 1,
                        ("patternProperties", Json::Object(patterns)) => self.patterns += patterns.len(),
                        _ => {}
                    }
                    self.add(operand);
                }
            }
        }
    }
}

/// Formats a message up to [`MAX_MESSAGE`].
fn shortened(message: fmt::Arguments<'_>) -> String {
    struct Shortened(String);

    impl Write for Shortened {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            let most = MAX_MESSAGE.saturating_sub(self.0.len());
            let fits = text.char_indices().map(|(start, char)| start + char.len_utf8()).take_while(|end| *end <= most);
            let end = fits.last().unwrap_or(0);
            self.0.push_str(text.get(..end).unwrap_or_default());
            // An error stops the formatting of the rest.
            if end < text.len() { Err(fmt::Error) } else { Ok(()) }
        }
    }

    let mut text = Shortened(String::new());
    match text.write_fmt(message) {
        Ok(()) => text.0,
        Err(fmt::Error) => text.0 + "…",
    }
}
