//! A row in JSON: an object in one line.
//!
//! Values stay as they are written, and are converted when their type is known. So a row with a value of a wrong type has
//! a reason of its own, and values that are not used cost nothing but their syntax.

use std::fmt;

use serde::Deserializer as _;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::events::bad_row::BadRow;
use crate::events::column::Column;

/// Gives the fields of an object to `add`. `column` returns the column of a key.
///
/// # Errors
/// Returns [`BadRow`] if the text is not exactly one object.
pub(super) fn read<'a>(
    text: &'a str,
    column: fn(&str) -> Option<Column>,
    add: impl FnMut(Column, &'a str),
) -> Result<(), BadRow> {
    if !text.trim_start().starts_with('{') {
        return Err(BadRow::NotObject);
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = deserializer.deserialize_map(Fields { column, add });
    read.and_then(|()| deserializer.end()).map_err(|error| {
        let message = error.to_string();
        // The library counts lines from the start of the text, which is one line.
        BadRow::NotJson(message.replace(" at line 1 column ", " at column "))
    })
}

struct Fields<F> {
    column: fn(&str) -> Option<Column>,
    add: F,
}

impl<'a, F: FnMut(Column, &'a str)> Visitor<'a> for Fields<F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(mut self, mut access: A) -> Result<(), A::Error> {
        while let Some(column) = access.next_key_seed(Key(self.column))? {
            match column {
                Some(column) => (self.add)(column, access.next_value::<&'a RawValue>()?.get()),
                None => drop(access.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// A key, which becomes the column with its name.
struct Key(fn(&str) -> Option<Column>);

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Option<Column>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = Option<Column>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok((self.0)(name))
    }
}
