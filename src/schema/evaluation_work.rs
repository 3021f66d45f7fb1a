//! Computes how many steps the validation of a value takes, before it begins.
//!
//! The validator has no bound of its own, and a small schema can need any amount of work: sixty definitions, each of
//! which refers twice to the next one, take 2^60 steps. The input is a schema and a value. The output is the number of
//! steps, if every alternative is tried: one for each pair of a subschema and a value that it applies to, plus the
//! size of what is compared. Each pair is computed once, so the computation itself takes few steps.
//!
//! A reference may only lead to a part of the same schema. Nothing is fetched, and no other file is read.
//!
//! **Invariant:** a schema that refers to itself for the same value has no number of steps, and is refused.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use crate::schema::value_schema_error::ValueSchemaError;

/// The maximum number of steps for one value.
pub(super) const MAX_STEPS: u64 = 1_000_000;
/// The maximum number of subschemas inside each other, references included.
const MAX_DEPTH: usize = 100;

/// A value that a subschema applies to.
#[derive(Clone, Copy)]
enum Instance<'a> {
    Value(&'a Json),
    /// The name of a property, to which `propertyNames` applies.
    Name(&'a str),
}

impl Instance<'_> {
    fn address(self) -> usize {
        match self {
            Self::Value(value) => std::ptr::from_ref(value) as usize,
            Self::Name(name) => name.as_ptr() as usize,
        }
    }

    fn length(self) -> u64 {
        match self {
            Self::Value(value) => size(value),
            Self::Name(name) => length(name),
        }
    }
}

/// The state of the computation for one pair of a subschema and a value.
#[derive(Clone, Copy)]
enum Work {
    Open,
    Steps(u64),
}

/// Returns the number of steps that the validation of the value takes.
///
/// # Errors
/// Returns [`ValueSchemaError`] if the number exceeds [`MAX_STEPS`], or if the schema has a reference that is not
/// supported.
pub(super) fn steps(schema: &Json, value: &Json) -> Result<u64, ValueSchemaError> {
    let mut computation = Computation { root: schema, known: BTreeMap::new(), depth: 0 };
    computation.steps(schema, Instance::Value(value))
}

struct Computation<'a> {
    root: &'a Json,
    known: BTreeMap<(usize, usize), Work>,
    depth: usize,
}

impl<'a> Computation<'a> {
    fn steps(&mut self, schema: &'a Json, instance: Instance<'a>) -> Result<u64, ValueSchemaError> {
        let Json::Object(keywords) = schema else { return Ok(1) };
        let key = (std::ptr::from_ref(schema) as usize, instance.address());
        match self.known.get(&key) {
            Some(Work::Steps(steps)) => return Ok(*steps),
            Some(Work::Open) => {
                return Err(ValueSchemaError::Invalid("refers to itself for the same value".to_owned()));
            }
            None => {}
        }
        if self.depth >= MAX_DEPTH {
            let message = format!("nests deeper than {MAX_DEPTH} levels for this value, references included");
            return Err(ValueSchemaError::Limit(message));
        }
        self.known.insert(key, Work::Open);
        self.depth += 1;
        let steps = self.of_keywords(keywords, instance)?;
        self.depth -= 1;
        self.known.insert(key, Work::Steps(steps));
        if steps > MAX_STEPS || self.known.len() as u64 > MAX_STEPS {
            return Err(too_many_steps());
        }
        Ok(steps)
    }

    fn of_keywords(
        &mut self,
        keywords: &'a Map<String, Json>,
        instance: Instance<'a>,
    ) -> Result<u64, ValueSchemaError> {
        let mut same_value: u64 = 1;
        let mut own: u64 = 1;
        for (keyword, operand) in keywords {
            match keyword.as_str() {
                "$ref" | "$dynamicRef" | "$recursiveRef" => {
                    same_value = same_value.saturating_add(self.steps(self.target(operand)?, instance)?);
                }
                "not" | "if" | "then" | "else" => {
                    same_value = same_value.saturating_add(self.steps(operand, instance)?);
                }
                "allOf" | "anyOf" | "oneOf" | "dependentSchemas" | "dependencies" => {
                    for schema in inner(operand) {
                        same_value = same_value.saturating_add(self.steps(schema, instance)?);
                    }
                }
                "properties" => own = own.saturating_add(self.properties(operand, instance)?),
                "patternProperties" | "prefixItems" => {
                    own = own.saturating_add(self.children(inner(operand), instance)?);
                }
                "items" if operand.is_array() => {
                    own = own.saturating_add(self.children(inner(operand), instance)?);
                }
                "items"
                | "additionalProperties"
                | "additionalItems"
                | "contains"
                | "unevaluatedItems"
                | "unevaluatedProperties" => own = own.saturating_add(self.children(vec![operand], instance)?),
                "propertyNames" => {
                    if let Instance::Value(Json::Object(properties)) = instance {
                        for name in properties.keys() {
                            own = own.saturating_add(self.steps(operand, Instance::Name(name))?);
                        }
                    }
                }
                "enum" | "const" | "uniqueItems" | "pattern" | "format" | "required" | "dependentRequired" => {
                    own = own.saturating_add(size(operand)).saturating_add(instance.length());
                }
                _ => {}
            }
        }
        // To find what is not evaluated, the validator evaluates the other subschemas once more for each child.
        let repeats = match (keywords.contains_key("unevaluatedProperties"), keywords.contains_key("unevaluatedItems"))
        {
            (false, false) => 1,
            _ => instance.length().saturating_add(2),
        };
        Ok(same_value.saturating_mul(repeats).saturating_add(own))
    }

    fn properties(&mut self, schemas: &'a Json, instance: Instance<'a>) -> Result<u64, ValueSchemaError> {
        let (Json::Object(schemas), Instance::Value(Json::Object(properties))) = (schemas, instance) else {
            return Ok(0);
        };
        let mut sum: u64 = 0;
        for (name, schema) in schemas {
            if let Some(property) = properties.get(name) {
                sum = sum.saturating_add(self.steps(schema, Instance::Value(property))?);
            }
        }
        Ok(sum.saturating_add(schemas.len() as u64))
    }

    fn children(&mut self, schemas: Vec<&'a Json>, instance: Instance<'a>) -> Result<u64, ValueSchemaError> {
        let values: Vec<&Json> = match instance {
            Instance::Value(Json::Object(properties)) => properties.values().collect(),
            Instance::Value(Json::Array(items)) => items.iter().collect(),
            Instance::Value(_) | Instance::Name(_) => Vec::new(),
        };
        let mut sum: u64 = 0;
        for schema in schemas {
            for value in &values {
                sum = sum.saturating_add(self.steps(schema, Instance::Value(value))?).saturating_add(1);
                if sum > MAX_STEPS {
                    return Err(too_many_steps());
                }
            }
        }
        Ok(sum)
    }

    /// Returns the part of the schema that a reference leads to.
    fn target(&self, reference: &Json) -> Result<&'a Json, ValueSchemaError> {
        let unsupported = || {
            let message =
                "has a reference that does not lead to a part of the same file: write `#/` and the path of the part";
            ValueSchemaError::Invalid(message.to_owned())
        };
        let pointer = reference.as_str().and_then(|written| written.strip_prefix('#')).ok_or_else(unsupported)?;
        self.root.pointer(pointer).ok_or_else(unsupported)
    }
}

fn too_many_steps() -> ValueSchemaError {
    ValueSchemaError::Limit(format!("needs more than {MAX_STEPS} steps for this value"))
}

/// Returns the subschemas in a list, or in a mapping from names.
fn inner(operand: &Json) -> Vec<&Json> {
    match operand {
        Json::Array(items) => items.iter().collect(),
        Json::Object(entries) => entries.values().collect(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => Vec::new(),
    }
}

/// Returns the number of values in a JSON value, and one more for each 16 bytes of text.
pub(super) fn size(json: &Json) -> u64 {
    match json {
        Json::Null | Json::Bool(_) | Json::Number(_) => 1,
        Json::String(text) => length(text),
        Json::Array(items) => items.iter().map(size).fold(1, u64::saturating_add),
        Json::Object(entries) => {
            entries.iter().map(|(name, value)| size(value).saturating_add(length(name))).fold(1, u64::saturating_add)
        }
    }
}

fn length(text: &str) -> u64 {
    1 + text.len() as u64 / 16
}
