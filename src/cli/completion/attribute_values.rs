//! Attributes, and the values that an attribute can have: those that are declared, and those in conditions.

use std::collections::BTreeSet;

use crate::bundle::{NOW, Type};
use crate::cli::completion::definition_names::of_kind;
use crate::cli::completion::typed::Typed;
use crate::load;
use crate::model::{Condition, OperandForm, Project};
use crate::report::completions::Candidate;
use crate::schema::NameKind;
use crate::yaml::{Node, Value};

/// Returns attributes with `=` or, for an attribute and `=`, its values.
pub(super) fn attribute_and_value(typed: &Typed, current: &str) -> Vec<Candidate> {
    let Some((name, _)) = current.split_once('=') else {
        // `--now` sets the time.
        let attributes = of_kind(typed, NameKind::Attribute).into_iter().filter(|attribute| attribute.value != NOW);
        return attributes.map(|found| Candidate::new(format!("{}=", found.value), found.description())).collect();
    };
    let Some(Ok(loaded)) = typed.source().map(|source| load::all(&source)) else { return Vec::new() };
    let values = values(&loaded.project, name).into_iter();
    values.map(|value| Candidate::new(format!("{name}={value}"), "")).collect()
}

/// Returns attributes after the name of a header and `=`.
pub(super) fn header_and_attribute(typed: &Typed, current: &str) -> Vec<Candidate> {
    let Some((header, _)) = current.split_once('=') else { return Vec::new() };
    let attributes = of_kind(typed, NameKind::Attribute).into_iter();
    attributes.map(|found| Candidate::new(format!("{header}={}", found.value), found.description())).collect()
}

fn values(project: &Project, name: &str) -> BTreeSet<String> {
    let mut values = BTreeSet::new();
    let declared = project.settings.attributes.iter().find(|attribute| attribute.name.value == name);
    if let Some(declared) = declared {
        values.extend(declared.allowed.iter().flatten().map(|value| value.value.clone()));
        if declared.kind == Type::Boolean {
            values.extend(["true", "false"].map(str::to_owned));
        }
    }
    let of_rules = project.flags.iter().flat_map(|flag| flag.rule_fields().filter_map(|rule| rule.condition.as_ref()));
    let of_segments = project.segments.iter().filter_map(|segment| segment.condition.as_ref());
    for condition in of_rules.chain(of_segments).flat_map(|condition| condition.value.iter()) {
        let Condition::Attribute { name: tested, operations, .. } = condition else { continue };
        if tested.value != name {
            continue;
        }
        for operation in operations {
            match operation.operator.operand_form() {
                OperandForm::Scalar | OperandForm::List => add(&operation.operand, &mut values),
                OperandForm::Ordered | OperandForm::Texts | OperandForm::Boolean => {}
            }
        }
    }
    values
}

/// Adds a value, or the values of a list.
fn add(operand: &Node, values: &mut BTreeSet<String>) {
    match &operand.value {
        Value::Text(text) => values.extend([text.clone()]),
        Value::Number(_, text) => values.extend([text.to_string()]),
        Value::Boolean(boolean) => values.extend([boolean.to_string()]),
        Value::List(items) => items.iter().for_each(|item| add(item, values)),
        Value::Null | Value::Map(_) => {}
    }
}
