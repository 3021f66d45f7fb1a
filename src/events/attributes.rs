//! The attributes of the context that an event carries.

use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json};

use crate::events::bad_row::BadRow;

/// Attributes of a context, as the text of a JSON object. They are parsed when they are used, because most events are
/// counted without them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attributes<'a>(&'a str);

impl<'a> Attributes<'a> {
    pub(super) fn new(text: &'a str) -> Result<Self, BadRow> {
        if !text.starts_with('{') {
            return Err(BadRow::Attributes("expected an object, which begins with `{`".to_owned()));
        }
        // The text of a CSV file is not yet known to be JSON.
        serde_json::from_str::<&RawValue>(text).map(|_| Self(text)).map_err(bad)
    }

    /// Returns the JSON text.
    pub fn text(&self) -> &'a str {
        self.0
    }

    /// Returns the attributes.
    ///
    /// # Errors
    /// Returns an error if a name occurs twice, or if a value is nested too deeply or is too large.
    pub fn parse(&self) -> Result<Map<String, Json>, BadRow> {
        serde_json::from_str::<Object>(self.0).map(|object| object.0).map_err(bad)
    }
}

fn bad(error: serde_json::Error) -> BadRow {
    BadRow::Attributes(error.to_string())
}

/// An object without repeated names.
struct Object(Map<String, Json>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Object, A::Error> {
        let mut object = Map::new();
        while let Some((name, value)) = access.next_entry::<String, Json>()? {
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a name occurs twice"));
            }
        }
        Ok(Object(object))
    }
}
