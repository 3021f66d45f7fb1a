//! The schema of a comparison with one attribute.

use serde_json::{Map, Value as Json, json};

use crate::bundle::{Element, Type};
use crate::model::{AttributeDeclaration, OperandForm, Operator};

/// The operator that changes the comparison of strings.
const IGNORE_CASE: &str = "ignore_case";

/// Returns the schema of the comparisons with an attribute: a value, a list of values, or the operators of its type. The
/// descriptions come from `published`, the properties of the operators in the published schema.
pub(super) fn comparison(attribute: &AttributeDeclaration, published: &Map<String, Json>) -> Json {
    let value = value(attribute);
    let list = json!({"type": "array", "minItems": 1, "items": value});
    let mut properties = Map::new();
    let operators = Operator::ALL.iter().filter(|operator| operator.applies_to(attribute.kind));
    for operator in operators {
        let mut operand = match operator.operand_form() {
            OperandForm::Scalar => value.clone(),
            OperandForm::List => list.clone(),
            OperandForm::Ordered if attribute.kind == Type::Number => json!({"type": "number"}),
            OperandForm::Ordered => json!({"type": ["string", "number"]}),
            OperandForm::Texts => json!({"type": ["string", "array"], "items": {"type": "string"}}),
            OperandForm::Boolean => json!({"type": "boolean"}),
        };
        describe(&mut operand, published.get(operator.name()));
        properties.insert(operator.name().to_owned(), operand);
    }
    if attribute.kind == Type::String
        && let Some(ignore_case) = published.get(IGNORE_CASE)
    {
        properties.insert(IGNORE_CASE.to_owned(), ignore_case.clone());
    }
    let operators = json!({
        "type": "object",
        "minProperties": 1,
        "additionalProperties": false,
        "properties": properties,
    });
    match attribute.kind {
        Type::List(_) => operators,
        _ => json!({"anyOf": [value, list, operators]}),
    }
}

/// Returns the schema of a value of an attribute, or of an element of its lists. A text outside the enum is accepted,
/// because `ignore_case` and a value that was added later make it right.
pub(super) fn value(attribute: &AttributeDeclaration) -> Json {
    match (attribute.kind, &attribute.allowed) {
        (Type::Boolean, _) => json!({"type": "boolean"}),
        (Type::Number | Type::List(Element::Number), _) => json!({"type": "number"}),
        (Type::String | Type::List(Element::String), Some(allowed)) => {
            let allowed: Vec<&str> = allowed.iter().map(|value| value.value.as_str()).collect();
            json!({"anyOf": [{"enum": allowed}, {"type": "string"}]})
        }
        (Type::String | Type::List(Element::String), None) => json!({"type": "string"}),
        (Type::Semver | Type::Version | Type::Datetime | Type::Ip, _) => json!({"type": ["string", "number"]}),
    }
}

/// Copies the description of a published schema.
pub(super) fn describe(schema: &mut Json, published: Option<&Json>) {
    if let (Some(schema), Some(description)) =
        (schema.as_object_mut(), published.and_then(|published| published.get("description")))
    {
        schema.insert("description".to_owned(), description.clone());
    }
}
