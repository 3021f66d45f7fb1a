//! Reads a JSON Schema for values, and validates a value with it.
//!
//! The input is split at lines of `---8<---` into two parts: a schema and a value, both as YAML, of which JSON is a part.
//!
//! **Invariant:** a value that is valid according to the validator has no violations, and every violation is inside the
//! value.
//! **Invariant:** the work is bounded. The fuzzer finds an input that takes long.

use flagctl::diag::Diagnostics;
use flagctl::schema::ValueSchema;
use flagctl::snapshot::{File, FileId};
use flagctl::yaml::{self, Completeness};

use super::definitions::split;

/// Runs the target with one input.
pub(crate) fn run(input: &[u8]) {
    let mut parts = split(input).into_iter();
    let mut parse = |path: &str| {
        let file = File::new(path.to_owned(), parts.next().unwrap_or_default().to_vec());
        let document = yaml::parse(FileId(0), &file, &mut Diagnostics::new());
        (document.completeness == Completeness::Complete).then_some((document.root, file))
    };
    let (Some((schema, _)), Some((value, file))) = (parse("schema.json"), parse("flags/a.yaml")) else { return };
    let mut steps = 20_000_000;
    let Ok(schema) = ValueSchema::new(schema.to_json(), &mut steps) else { return };
    let Ok(violations) = schema.violations(&value, &mut steps) else { return };
    for violation in &violations {
        let span = violation.span;
        assert!(file.text.get(span.start as usize..span.end as usize).is_some(), "{span:?} is outside the file");
        assert!(violation.message.len() <= 504, "a message has {} bytes", violation.message.len());
    }
    assert_eq!(schema.violations(&value, &mut steps).map(|again| again.len()), Ok(violations.len()));
}
