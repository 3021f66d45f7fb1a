//! The attributes of one request, typed by the context schema.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use jiff::Timestamp;
use semver::Version;
use serde::Deserialize as _;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value as Json};

use crate::bundle::{Attribute, AttributeId, Attributes, Element, NOW, Type};
use crate::eval::ErrorCode;

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
    Unusable(Box<Json>),
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
    /// The bytes are not JSON.
    #[error("{0}")]
    Syntax(String),
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
        Self { values: (0..attributes.len()).map(|_| Value::Absent).collect() }
    }

    /// Reads an object whose nesting or dotted names are attribute names.
    ///
    /// Gives also the names that the schema does not have, in the order of the object; they decide nothing.
    ///
    /// # Errors
    /// [`ContextError`] if the JSON is not a context.
    pub fn from_json(attributes: &Attributes, json: &'a Json) -> Result<(Self, Vec<String>), ContextError> {
        let mut reader = Reader::new(attributes);
        match Object(&mut reader).deserialize(json) {
            Ok(()) => Ok((reader.context, reader.unknown)),
            Err(_) => Err(reader.refused.unwrap_or_else(|| ContextError::NotAnObject(json_type(json)))),
        }
    }

    /// As [`Context::from_json`], from the bytes themselves, of which texts are borrowed.
    ///
    /// # Errors
    /// [`ContextError`] if they are not JSON, or not a context.
    pub fn from_slice(attributes: &Attributes, bytes: &'a [u8]) -> Result<(Self, Vec<String>), ContextError> {
        let mut reader = Reader::new(attributes);
        // Looked at once, no text in it has to be.
        let json = str::from_utf8(bytes).map(serde_json::Deserializer::from_str);
        let read = json.map(|mut json| Object(&mut reader).deserialize(&mut json).and_then(|()| json.end()));
        if matches!(read, Ok(Ok(()))) {
            return Ok((reader.context, reader.unknown));
        }
        // Read whole, it can be said what is wrong; of a name that stands twice in an object, the last counts.
        let json: Json = serde_json::from_slice(bytes).map_err(|error| ContextError::Syntax(error.to_string()))?;
        let (context, unknown) = Context::from_json(attributes, &json)?;
        Ok((context.into_owned(), unknown))
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

/// What was read of a context so far.
struct Reader<'a, 's> {
    context: Context<'a>,
    attributes: &'s Attributes,
    /// Of the object or value that is read, with dots between the names.
    path: String,
    unknown: Vec<String>,
    /// Why reading ended.
    refused: Option<ContextError>,
}

impl<'s> Reader<'_, 's> {
    fn new(attributes: &'s Attributes) -> Self {
        let context = Context::empty(attributes);
        Self { context, attributes, path: String::new(), unknown: Vec::new(), refused: None }
    }

    fn refuse<E: Error>(&mut self, error: ContextError) -> E {
        let refused = E::custom(&error);
        self.refused = Some(error);
        refused
    }
}

/// The object at the reader's path.
struct Object<'r, 'a, 's>(&'r mut Reader<'a, 's>);

impl<'a> DeserializeSeed<'a> for Object<'_, 'a, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for Object<'_, 'a, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of attributes")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut object: A) -> Result<(), A::Error> {
        let reader = self.0;
        let outer = reader.path.len();
        let mut empty = true;
        while let Some(mut name) = object.next_key_seed(Name)? {
            empty = false;
            if outer > 0 {
                name = Cow::Owned(reader.path.clone() + &name);
            }
            match reader.attributes.find(&name) {
                Some(AttributeId::NOW) => return Err(reader.refuse(ContextError::Now)),
                Some(id) if !matches!(reader.context.value(id), Value::Absent) => {
                    return Err(reader.refuse(ContextError::Twice(name.into_owned())));
                }
                Some(id) => match reader.attributes.get(id) {
                    Some(attribute) => reader.context.set(id, object.next_value_seed(Typed(attribute))?),
                    None => drop(object.next_value::<IgnoredAny>()?),
                },
                None => {
                    reader.path = name.into_owned() + ".";
                    object.next_value_seed(Unknown(reader))?;
                    reader.path.truncate(outer);
                }
            }
        }
        if empty && outer > 0 {
            Unknown(reader).note();
        }
        Ok(())
    }
}

/// A name in an object, borrowed where it can be.
struct Name;

impl<'a> DeserializeSeed<'a> for Name {
    type Value = Cow<'a, str>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Cow<'a, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for Name {
    type Value = Cow<'a, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'a str) -> Result<Cow<'a, str>, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Cow<'a, str>, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

/// What stands where no attribute does: an object may have attributes in it. The path ends in a dot.
struct Unknown<'r, 'a, 's>(&'r mut Reader<'a, 's>);

impl Unknown<'_, '_, '_> {
    fn note(self) {
        self.0.unknown.push(self.0.path.trim_end_matches('.').to_owned());
    }

    fn noted<E>(self) -> Result<(), E> {
        self.note();
        Ok(())
    }
}

impl<'a> DeserializeSeed<'a> for Unknown<'_, 'a, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Unknown<'_, 'a, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.noted()
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.noted()
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.noted()
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        self.noted()
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.noted()
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        self.noted()
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        self.noted()
    }

    fn visit_map<A: MapAccess<'a>>(self, object: A) -> Result<(), A::Error> {
        Object(self.0).visit_map(object)
    }
}

/// An attribute's value, as its type reads it.
struct Typed<'s>(&'s Attribute);

impl<'a> DeserializeSeed<'a> for Typed<'_> {
    type Value = Value<'a>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Value<'a>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Typed<'_> {
    type Value = Value<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value<'a>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, boolean: bool) -> Result<Value<'a>, E> {
        Ok(match self.0.kind {
            Type::Boolean => Value::Boolean(boolean),
            _ => unusable(boolean),
        })
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value<'a>, E> {
        Ok(self.number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value<'a>, E> {
        Ok(self.number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value<'a>, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, |number| self.number(number)))
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Value<'a>, E> {
        Ok(self.text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'a>, E> {
        Ok(self.text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'a>>(self, items: A) -> Result<Value<'a>, A::Error> {
        Ok(self.list(Vec::deserialize(SeqAccessDeserializer::new(items))?))
    }

    fn visit_map<A: MapAccess<'a>>(self, object: A) -> Result<Value<'a>, A::Error> {
        Ok(unusable(Json::deserialize(MapAccessDeserializer::new(object))?))
    }
}

impl<'a> Typed<'_> {
    fn allows(&self, text: &str) -> bool {
        self.0.allowed.as_ref().is_none_or(|all| all.iter().any(|one| one.as_ref() == text))
    }

    fn number(&self, json: Number) -> Value<'a> {
        match (self.0.kind, number(&json)) {
            (Type::Number, Some(number)) => Value::Number(number),
            _ => unusable(json),
        }
    }

    fn text(&self, text: Cow<'a, str>) -> Value<'a> {
        let read = match self.0.kind {
            Type::String if self.allows(&text) => return Value::Text(text),
            Type::Semver => text.parse().ok().map(Value::Version),
            Type::Datetime => moment(&text).map(Value::Time),
            Type::Ip => text.parse().ok().map(|address: IpAddr| Value::Address(address.to_canonical())),
            _ => None,
        };
        read.unwrap_or_else(|| unusable(text))
    }

    fn list(&self, items: Vec<Json>) -> Value<'a> {
        let text = |item: &Json| item.as_str().filter(|text| self.allows(text)).map(|text| Cow::Owned(text.to_owned()));
        let read = match self.0.kind {
            Type::List(Element::String) => items.iter().map(text).collect::<Option<_>>().map(Value::Texts),
            Type::List(Element::Number) => {
                let numbers = items.iter().map(|item| number(item.as_number()?));
                numbers.collect::<Option<_>>().map(Value::Numbers)
            }
            _ => None,
        };
        read.unwrap_or_else(|| unusable(items))
    }
}

impl<'a> Value<'a> {
    /// The JSON as the attribute's type reads it; [`Value::Unusable`] where it does not fit.
    pub fn read(attribute: &Attribute, json: &'a Json) -> Self {
        Typed(attribute).deserialize(json).unwrap_or_else(|_| unusable(json.clone()))
    }

    /// The same value, borrowing nothing.
    pub fn into_owned(self) -> Value<'static> {
        let owned = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        match self {
            Self::Absent => Value::Absent,
            Self::Null => Value::Null,
            Self::Unusable(json) => Value::Unusable(json),
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

fn unusable<'a>(json: impl Into<Json>) -> Value<'a> {
    Value::Unusable(Box::new(json.into()))
}

/// A number within ±2^53, where a double still tells every integer from the next.
fn number(number: &Number) -> Option<f64> {
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
