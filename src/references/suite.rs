//! The names in test files.

use crate::model::{Assertion, Case, Expectation, Golden, Subject, Suite};
use crate::references::condition;
use crate::references::name::{Name, NameKind, Role};
use crate::references::recorder::{Around, Recorder};
use crate::yaml::{Node, Value};

/// Records the names of a test file. `path` is the path of the file, the scope of its contexts.
pub(super) fn record(recorder: &mut Recorder<'_>, suite: &Suite, path: &str) {
    recorder.environments(&suite.environments);
    for key in &suite.kills {
        recorder.flag(key);
    }
    for (name, attributes) in &suite.contexts {
        recorder.whole(NameKind::Context, path, name, Role::Definition);
        record_attributes(recorder, attributes, "");
    }
    for case in &suite.cases {
        record_case(recorder, case, path);
    }
    for assertion in &suite.assertions {
        record_assertion(recorder, assertion);
    }
    if let Some(golden) = &suite.golden {
        record_golden(recorder, golden, path);
    }
}

fn record_case(recorder: &mut Recorder<'_>, case: &Case, path: &str) {
    recorder.environments(&case.environments);
    match &case.context {
        Subject::Named(names) => recorder.references(NameKind::Context, path, names),
        Subject::Written(attributes) => record_attributes(recorder, attributes, ""),
        Subject::Empty => {}
    }
    recorder.references(NameKind::Attribute, "", case.matrix.iter().map(|(name, _)| name));
    for placement in &case.buckets {
        recorder.flag(&placement.flag);
    }
    for expectation in &case.expect {
        record_expectation(recorder, expectation);
    }
}

fn record_expectation(recorder: &mut Recorder<'_>, expectation: &Expectation) {
    let key = expectation.flag.value.as_str();
    recorder.flag(&expectation.flag);
    recorder.references(NameKind::Variant, key, &expectation.variant);
    recorder.references(NameKind::Rule, key, &expectation.rule);
}

fn record_assertion(recorder: &mut Recorder<'_>, assertion: &Assertion) {
    recorder.environments(&assertion.environments);
    for serving in assertion.claim.servings() {
        recorder.flag(&serving.flag);
        recorder.references(NameKind::Variant, &serving.flag.value, [&serving.variant]);
    }
    if let Some(when) = &assertion.when {
        condition::record(recorder, when);
    }
}

fn record_golden(recorder: &mut Recorder<'_>, golden: &Golden, path: &str) {
    golden.flags.iter().for_each(|key| recorder.flag(key));
    recorder.references(NameKind::Context, path, &golden.contexts);
    for cell in &golden.cells {
        recorder.flag(&cell.flag);
        recorder.references(NameKind::Context, path, [&cell.context]);
        recorder.environments([&cell.environment]);
        recorder.references(NameKind::Variant, &cell.flag.value, [&cell.variant]);
    }
}

/// Records the attributes of a context. `outer` is the beginning of their names that the keys of outer mappings contain.
///
/// A mapping inside a context is an attribute only if its own name is declared.
fn record_attributes(recorder: &mut Recorder<'_>, context: &Node, outer: &str) {
    for entry in context.entries() {
        let text = format!("{outer}{}", entry.key);
        match &entry.value.value {
            Value::Map(_) if !recorder.attributes.contains(text.as_str()) => {
                record_attributes(recorder, &entry.value, &format!("{text}."));
            }
            _ => {
                let around = Around { implied: outer, ..Around::default() };
                recorder.part(Name::new(NameKind::Attribute, &text), entry.key_span, around, Role::Reference);
            }
        }
    }
}
