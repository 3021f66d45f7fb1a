//! Reads a JSON value as the type of its attribute.
//!
//! The reader is a visitor of `serde`. It borrows texts from the input and builds no JSON tree.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use serde::Deserialize as _;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value as Json};

use crate::bundle::{Attribute, Element, Type};
use crate::eval::value::{EXACT, Value, parse_datetime};

impl<'a> Value<'a> {
    /// Reads a JSON value as the type of an attribute. Returns [`Value::Unusable`] if it does not fit the type.
    pub fn from_json(attribute: &Attribute, json: &'a Json) -> Self {
        Typed(attribute).deserialize(json).unwrap_or_else(|_| unusable(json.clone()))
    }
}

/// Reads a value of this attribute.
pub(super) struct Typed<'s>(pub(super) &'s Attribute);

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
            Type::Number | Type::String | Type::Semver | Type::Version | Type::Datetime | Type::Ip | Type::List(_) => {
                unusable(boolean)
            }
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
        self.0.allowed.as_ref().is_none_or(|allowed| allowed.iter().any(|value| value.as_ref() == text))
    }

    fn number(&self, json: Number) -> Value<'a> {
        match self.0.kind {
            Type::Number => exact(&json).map_or_else(|| unusable(json), Value::Number),
            Type::Boolean | Type::String | Type::Semver | Type::Version | Type::Datetime | Type::Ip | Type::List(_) => {
                unusable(json)
            }
        }
    }

    fn text(&self, text: Cow<'a, str>) -> Value<'a> {
        let value = match self.0.kind {
            Type::String if self.allows(&text) => return Value::Text(text),
            Type::Semver => text.parse().ok().map(Value::Version),
            Type::Version => text.parse().ok().map(Value::DottedVersion),
            Type::Datetime => parse_datetime(&text).map(Value::Time),
            Type::Ip => text.parse().ok().map(|address: IpAddr| Value::Address(address.to_canonical())),
            Type::String | Type::Boolean | Type::Number | Type::List(_) => None,
        };
        value.unwrap_or_else(|| unusable(text))
    }

    fn list(&self, items: Vec<Json>) -> Value<'a> {
        let text = |item: &Json| item.as_str().filter(|text| self.allows(text)).map(|text| Cow::Owned(text.to_owned()));
        let value = match self.0.kind {
            Type::List(Element::String) => items.iter().map(text).collect::<Option<_>>().map(Value::Texts),
            Type::List(Element::Number) => {
                let numbers = items.iter().map(|item| exact(item.as_number()?));
                numbers.collect::<Option<_>>().map(Value::Numbers)
            }
            Type::Boolean | Type::Number | Type::String | Type::Semver | Type::Version | Type::Datetime | Type::Ip => {
                None
            }
        };
        value.unwrap_or_else(|| unusable(items))
    }
}

fn unusable<'a>(json: impl Into<Json>) -> Value<'a> {
    Value::Unusable(Box::new(json.into()))
}

/// Returns a number within ±(2^53 - 1), the range in which a double distinguishes all integers. Otherwise returns `None`.
fn exact(number: &Number) -> Option<f64> {
    let is_exact = number.as_i64().is_none_or(|integer| integer.unsigned_abs() < 1 << 53);
    number.as_f64().filter(|double| is_exact && double.abs() <= EXACT)
}
