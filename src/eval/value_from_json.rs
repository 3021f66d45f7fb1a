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
        let mut value = Self::Absent;
        match (Typed { attribute, value: &mut value }).deserialize(json) {
            Ok(()) => value,
            Err(_) => unusable(json.clone()),
        }
    }
}

/// Reads a value of an attribute directly into its context.
pub(super) struct Typed<'s, 'v, 'a> {
    pub(super) attribute: &'s Attribute,
    pub(super) value: &'v mut Value<'a>,
}

impl<'a> DeserializeSeed<'a> for Typed<'_, '_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Typed<'_, '_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        *self.value = Value::Null;
        Ok(())
    }

    fn visit_bool<E>(self, boolean: bool) -> Result<(), E> {
        let value = match self.attribute.kind {
            Type::Boolean => Value::Boolean(boolean),
            Type::Number | Type::String | Type::Semver | Type::Version | Type::Datetime | Type::Ip | Type::List(_) => {
                unusable(boolean)
            }
        };
        *self.value = value;
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        let exact = exact_integer(number.unsigned_abs());
        self.number(exact.map(|size| if number < 0 { -size } else { size }), || number.into());
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.number(exact_integer(number), || number.into());
        Ok(())
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        // JSON has no number that is not finite, so `Json::from` returns null for it.
        match number.is_finite() {
            true => self.number(Some(number).filter(|number| number.abs() <= EXACT), || number.into()),
            false => *self.value = Value::Null,
        }
        Ok(())
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<(), E> {
        // The most frequent values are built where they stay. Copying them as a parameter takes a tenth of the time in which
        // a context is read.
        match self.attribute.kind {
            Type::String if self.attribute.allowed.is_none() => *self.value = Value::Text(Cow::Borrowed(text)),
            _ => *self.value = self.text(Cow::Borrowed(text)),
        }
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        *self.value = self.text(Cow::Owned(text.to_owned()));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, items: A) -> Result<(), A::Error> {
        let value = self.list(Vec::deserialize(SeqAccessDeserializer::new(items))?);
        *self.value = value;
        Ok(())
    }

    fn visit_map<A: MapAccess<'a>>(self, object: A) -> Result<(), A::Error> {
        *self.value = unusable(Json::deserialize(MapAccessDeserializer::new(object))?);
        Ok(())
    }
}

impl<'a> Typed<'_, '_, 'a> {
    fn allows(&self, text: &str) -> bool {
        self.attribute.allowed.as_ref().is_none_or(|allowed| allowed.iter().any(|value| value.as_ref() == text))
    }

    /// Sets a number, which is `None` if doubles do not distinguish it from others.
    fn number(self, exact: Option<f64>, json: impl FnOnce() -> Json) {
        let value = match self.attribute.kind {
            Type::Number => exact.map_or_else(|| unusable(json()), Value::Number),
            Type::Boolean | Type::String | Type::Semver | Type::Version | Type::Datetime | Type::Ip | Type::List(_) => {
                unusable(json())
            }
        };
        *self.value = value;
    }

    fn text(&self, text: Cow<'a, str>) -> Value<'a> {
        let value = match self.attribute.kind {
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
        let value = match self.attribute.kind {
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

/// Returns an integer below 2^53, as [`exact`] does.
#[allow(clippy::cast_precision_loss, reason = "the integer is exact as a double")]
fn exact_integer(number: u64) -> Option<f64> {
    (number < 1 << 53).then_some(number as f64)
}

/// Returns a number within ±(2^53 - 1), the range in which a double distinguishes all integers. Otherwise returns `None`.
fn exact(number: &Number) -> Option<f64> {
    let is_exact = number.as_i64().is_none_or(|integer| integer.unsigned_abs() < 1 << 53);
    number.as_f64().filter(|double| is_exact && double.abs() <= EXACT)
}
