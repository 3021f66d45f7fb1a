//! Validates files with the schemas of their kinds, and values of variants with the schemas that users write.

use std::fmt::{self, Write};

use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;

use crate::diag::Diagnostics;
use crate::model::DefinitionKind;
use crate::schema::location::Location;
use crate::schema::message::report;
use crate::schema::published::schema;
use crate::snapshot::Span;
use crate::yaml::Node;

/// The maximum number of violations that are reported in one file, and in the value of one variant.
const MAX_ERRORS: usize = 1_000;

/// Reports the violations of the schema of a file's kind, at most [`MAX_ERRORS`].
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

/// Calls `report` with the position and a message for each violation of a flag's value schema by the value of a variant,
/// at most [`MAX_ERRORS`] times.
pub fn check_value(validator: &Validator, value: &Node, mut report: impl FnMut(Span, String)) {
    for error in validator.iter_errors(&value.to_json()).take(MAX_ERRORS) {
        let location = Location::find(value, error.instance_path().as_str());
        let message = match error.kind() {
            // The library's message contains only two of the options.
            ValidationErrorKind::Enum { options } => {
                shortened(format_args!("{} is not one of {options}", error.instance()))
            }
            _ => shortened(format_args!("{error}")),
        };
        report(location.span(), message);
    }
}

/// The maximum length of a message in bytes. The messages of the library contain complete values and lists of options.
const MAX_MESSAGE: usize = 500;

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
