//! `literal-wildcard`: a text in a comparison whose `*` is probably meant to stand for any text.

use jiff::Timestamp;

use crate::bundle::{Type, quoted};
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Condition, Operation, Operator, Project};
use crate::yaml::{Node, Value};

pub(super) fn check(project: &Project, _: Timestamp, diagnostics: &mut Diagnostics) {
    for part in project.conditions().flat_map(Condition::iter) {
        let Condition::Attribute { name, operations, .. } = part else { continue };
        let declared = project.settings.attributes.iter().find(|attribute| attribute.name.value == name.value);
        // A declared value with `*` is a value, and a text of another type is an error.
        if declared.is_some_and(|declared| declared.kind == Type::String && declared.allowed.is_none()) {
            operations.iter().for_each(|operation| check_operation(operation, diagnostics));
        }
    }
}

fn check_operation(operation: &Operation, diagnostics: &mut Diagnostics) {
    let (texts, list) = match &operation.operand.value {
        Value::List(items) => (items.as_slice(), Some(operation.operand.span)),
        Value::Text(_) | Value::Null | Value::Boolean(_) | Value::Number(..) | Value::Map(_) => {
            (std::slice::from_ref(&operation.operand), None)
        }
    };
    for (node, text) in texts.iter().filter_map(|node: &Node| Some((node, node.as_text()?))) {
        let Some(help) = help(operation.operator, text) else { continue };
        let message = format!("`*` in `{text}` stands for itself, not for any text");
        diagnostics.push(Diagnostic::new(Code::LiteralWildcard, node.span, message).help(help).in_list(list));
    }
}

/// Returns what to write instead of a text that begins or ends with `*`, or `None` if the text is probably meant as it is.
fn help(operator: Operator, text: &str) -> Option<String> {
    let (meant, rest) = meant(text)?;
    let test = match rest {
        "" => "{exists: true}".to_owned(),
        rest => format!("{{{}: {}}}", meant.name(), quoted(rest)),
    };
    match operator {
        Operator::Eq => Some(format!("write `{test}`")),
        Operator::In => Some(format!("write `{test}` in a condition of its own, and both conditions below `any`")),
        Operator::Ne | Operator::NotIn => Some(format!("write `{test}` below `not`")),
        Operator::StartsWith | Operator::EndsWith | Operator::Contains => {
            (operator == meant && !rest.is_empty()).then(|| format!("write `{}`", quoted(rest)))
        }
        Operator::Lt
        | Operator::Lte
        | Operator::Gt
        | Operator::Gte
        | Operator::Matches
        | Operator::Has
        | Operator::HasAny
        | Operator::HasAll
        | Operator::Exists => None,
    }
}

/// Returns the operator that compares as a text with `*` is meant to, and its operand. It is empty for `*` alone.
fn meant(text: &str) -> Option<(Operator, &str)> {
    let (operator, rest) = match (text.strip_prefix('*'), text.strip_suffix('*')) {
        (Some(end), Some(_)) => (Operator::Contains, end.strip_suffix('*').unwrap_or(end)),
        (Some(end), None) => (Operator::EndsWith, end),
        (None, Some(start)) => (Operator::StartsWith, start),
        (None, None) => return None,
    };
    (!rest.contains('*')).then_some((operator, rest))
}
