//! The attributes of one request, typed by the context schema.

use std::borrow::Cow;
use std::net::IpAddr;

use jiff::Timestamp;
use semver::Version;
use serde_json::Value as Json;

use super::ErrorCode;
use crate::bundle::{Attribute, AttributeId, Attributes, Element, NOW, Type};

/// Up to here a double holds every integer.
pub(crate) const EXACT: f64 = 9_007_199_254_740_992.0;

/// One attribute's value in a context.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// The context does not have it.
    Absent,
    /// It is null.
    Null,
    /// It is there, and is not of the declared type, or not one of the enum.
    Unusable(Cow<'a, Json>),
    /// A truth value.
    Boolean(bool),
    /// Within ±2^53; never NaN.
    Number(f64),
    /// A text.
    Text(Cow<'a, str>),
    /// A version.
    Version(Version),
    /// A moment.
    Time(Timestamp),
    /// An address; IPv4 in IPv6's notation (`::ffff:192.0.2.1`) as IPv4.
    Address(IpAddr),
    /// A list of texts.
    Texts(Vec<Cow<'a, str>>),
    /// A list of numbers.
    Numbers(Vec<f64>),
}

/// The attributes of one request.
#[derive(Debug, Clone, PartialEq)]
pub struct Context<'a> {
    values: Vec<Value<'a>>,
}

/// A context that cannot be read as one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContextError {
    /// The JSON is not an object.
    #[error("expected an object of attributes, found {0}")]
    NotAnObject(&'static str),
    /// The same attribute as a dotted name and by nesting.
    #[error("attribute `{0}` is given twice")]
    Twice(String),
    /// The moment of the decision is not the context's to say.
    #[error("`{NOW}` is the moment of the decision; a context cannot set it")]
    Now,
}

impl<'a> Context<'a> {
    /// No attribute at all.
    pub fn empty(attributes: &Attributes) -> Self {
        Self { values: vec![Value::Absent; attributes.len()] }
    }

    /// Reads an object whose nesting or dotted names are attribute names.
    ///
    /// Gives also the names that the schema does not have, in the order of the object; they decide nothing.
    ///
    /// # Errors
    /// [`ContextError`] if the JSON is not a context.
    pub fn from_json(attributes: &Attributes, json: &'a Json) -> Result<(Self, Vec<String>), ContextError> {
        let Json::Object(object) = json else { return Err(ContextError::NotAnObject(json_type(json))) };
        let mut reader = Reader { context: Self::empty(attributes), attributes, path: String::new(), unknown: vec![] };
        reader.read(object)?;
        Ok((reader.context, reader.unknown))
    }

    /// The attribute's value.
    #[allow(clippy::indexing_slicing, reason = "a context is made for the schema that the index is of")]
    pub fn value(&self, id: AttributeId) -> &Value<'a> {
        &self.values[usize::from(id.0)]
    }

    /// Gives the attribute another value.
    #[allow(clippy::indexing_slicing, reason = "a context is made for the schema that the index is of")]
    pub fn set(&mut self, id: AttributeId, value: Value<'a>) {
        self.values[usize::from(id.0)] = value;
    }

    /// The same, of which nothing lies elsewhere.
    pub fn into_owned(self) -> Context<'static> {
        Context { values: self.values.into_iter().map(Value::into_owned).collect() }
    }

    /// The text to bucket by. An empty one identifies nobody.
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

struct Reader<'a, 's> {
    context: Context<'a>,
    attributes: &'s Attributes,
    path: String,
    unknown: Vec<String>,
}

impl<'a> Reader<'a, '_> {
    fn read(&mut self, object: &'a serde_json::Map<String, Json>) -> Result<(), ContextError> {
        for (name, json) in object {
            let outer = self.path.len();
            if outer > 0 {
                self.path.push('.');
            }
            self.path.push_str(name);
            match (self.attributes.find(&self.path), json) {
                (Some(AttributeId::NOW), _) => return Err(ContextError::Now),
                (Some(id), json) => self.set(id, json)?,
                (None, Json::Object(nested)) if !nested.is_empty() => self.read(nested)?,
                (None, _) => self.unknown.push(self.path.clone()),
            }
            self.path.truncate(outer);
        }
        Ok(())
    }

    fn set(&mut self, id: AttributeId, json: &'a Json) -> Result<(), ContextError> {
        let Some(attribute) = self.attributes.get(id) else { return Ok(()) };
        if *self.context.value(id) != Value::Absent {
            return Err(ContextError::Twice(self.path.clone()));
        }
        self.context.set(id, Value::read(attribute, json));
        Ok(())
    }
}

impl<'a> Value<'a> {
    /// The JSON as the attribute's type reads it; [`Value::Unusable`] where it does not fit.
    pub fn read(attribute: &Attribute, json: &'a Json) -> Self {
        let unusable = || Self::Unusable(Cow::Borrowed(json));
        let allowed = |text: &str| attribute.allowed.as_ref().is_none_or(|all| all.iter().any(|a| a.as_ref() == text));
        match (attribute.kind, json) {
            (_, Json::Null) => Self::Null,
            (Type::Boolean, Json::Bool(boolean)) => Self::Boolean(*boolean),
            (Type::Number, json) => number(json).map_or_else(unusable, Self::Number),
            (Type::String, Json::String(text)) if allowed(text) => Self::Text(Cow::Borrowed(text)),
            (Type::Semver, Json::String(text)) => text.parse().map_or_else(|_| unusable(), Self::Version),
            (Type::Datetime, Json::String(text)) => moment(text).map_or_else(unusable, Self::Time),
            (Type::Ip, Json::String(text)) => {
                text.parse().map_or_else(|_| unusable(), |address: IpAddr| Self::Address(address.to_canonical()))
            }
            (Type::List(Element::String), Json::Array(items)) => {
                let text = |item: &'a Json| item.as_str().filter(|text| allowed(text)).map(Cow::Borrowed);
                items.iter().map(text).collect::<Option<_>>().map_or_else(unusable, Self::Texts)
            }
            (Type::List(Element::Number), Json::Array(items)) => {
                items.iter().map(number).collect::<Option<_>>().map_or_else(unusable, Self::Numbers)
            }
            _ => unusable(),
        }
    }

    /// The same value, borrowing nothing.
    pub fn into_owned(self) -> Value<'static> {
        let owned = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        match self {
            Self::Absent => Value::Absent,
            Self::Null => Value::Null,
            Self::Unusable(json) => Value::Unusable(Cow::Owned(json.into_owned())),
            Self::Boolean(boolean) => Value::Boolean(boolean),
            Self::Number(number) => Value::Number(number),
            Self::Text(text) => Value::Text(owned(text)),
            Self::Version(version) => Value::Version(version),
            Self::Time(time) => Value::Time(time),
            Self::Address(address) => Value::Address(address),
            Self::Texts(texts) => Value::Texts(texts.into_iter().map(owned).collect()),
            Self::Numbers(numbers) => Value::Numbers(numbers),
        }
    }
}

/// A number within ±2^53, where a double still tells every integer from the next.
fn number(json: &Json) -> Option<f64> {
    let Json::Number(number) = json else { return None };
    let exact = number.as_i64().is_none_or(|integer| integer.unsigned_abs() <= 1 << 53);
    number.as_f64().filter(|double| exact && double.abs() <= EXACT)
}

/// A moment in RFC 3339's notation: date, `T`, time with seconds, and an offset.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    // The parser knows more notations, time zones' names among them.
    let (date_time, rest) = text.split_at_checked("2000-01-01T00:00:00".len())?;
    let shape = |byte: u8| if byte.is_ascii_digit() { b'0' } else { byte };
    let offset = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let offset = offset == "Z" || offset.bytes().map(shape).skip(1).eq(*b"00:00") && offset.starts_with(['+', '-']);
    // A leap second would be read as the one before it.
    let fits = date_time.bytes().map(shape).eq(*b"0000-00-00T00:00:00") && !date_time.ends_with("60") && offset;
    fits.then(|| text.parse().ok()).flatten()
}

/// What JSON calls the type of a value.
pub(crate) fn json_type(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}
