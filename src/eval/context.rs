//! The attributes of one request, typed by the context schema.

use crate::bundle::{AttributeId, Attributes};
use crate::eval::decision::ErrorCode;
use crate::eval::value::Value;

/// The attributes of one request, typed by a context schema.
///
/// [`Context::from_json`] and [`Context::from_slice`] read a context from JSON. [`Context::empty`] and [`Context::set`]
/// create a context from typed values, which is faster:
///
/// ```
/// # use flagctl::bundle::{AttributeId, Bundle};
/// # use flagctl::eval::{Context, Value};
/// # let bundle = Bundle::from_json(&std::fs::read("tests/cli/live/production.json")?)?;
/// let mut context = Context::empty(bundle.attributes());
/// context.set(AttributeId::TARGETING_KEY, Value::Text("user-42".into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A context is valid only for the schema that it was created with. With another schema, its values would belong to
/// other attributes.
#[derive(Debug, Clone, PartialEq)]
pub struct Context<'a> {
    values: Vec<Value<'a>>,
}

impl<'a> Context<'a> {
    /// Creates a context without attributes.
    pub fn empty(attributes: &Attributes) -> Self {
        Self { values: (0..attributes.len()).map(|_| Value::Absent).collect() }
    }

    /// Returns the value of an attribute. It is [`Value::Absent`] for an index outside the schema.
    #[inline]
    pub fn value(&self, id: AttributeId) -> &Value<'a> {
        self.values.get(usize::from(id.0)).unwrap_or(&Value::Absent)
    }

    /// Replaces the value of an attribute. Does nothing for an index outside the schema.
    pub fn set(&mut self, id: AttributeId, value: Value<'a>) {
        if let Some(known) = self.value_mut(id) {
            *known = value;
        }
    }

    /// Returns the value of an attribute for modification, or `None` for an index outside the schema.
    pub(super) fn value_mut(&mut self, id: AttributeId) -> Option<&mut Value<'a>> {
        self.values.get_mut(usize::from(id.0))
    }

    /// Returns the same context without borrowed texts.
    pub fn into_owned(self) -> Context<'static> {
        Context { values: self.values.into_iter().map(Value::into_owned).collect() }
    }

    /// Returns the unit, which is the text to hash. An empty text does not identify a unit.
    pub(super) fn unit(&self, id: AttributeId) -> Result<&str, ErrorCode> {
        match self.value(id) {
            Value::Text(unit) if !unit.is_empty() => Ok(unit),
            Value::Absent | Value::Null | Value::Text(_) if id == AttributeId::TARGETING_KEY => {
                Err(ErrorCode::TargetingKeyMissing)
            }
            _ => Err(ErrorCode::InvalidContext),
        }
    }
}
