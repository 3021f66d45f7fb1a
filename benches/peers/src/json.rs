//! Contexts as JSON, and the reader that the adapters of the other engines use.
//!
//! The reader passes each name and value to the adapter, which builds the context of its engine. It builds no tree. With
//! their own implementations of `serde`, the engines take more than twice as long.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::{Value as Json, json};

use super::workload::Person;

/// A value in a context.
pub(crate) enum Scalar<'a> {
    Text(Cow<'a, str>),
    Number(f64),
    Boolean(bool),
}

/// How an engine's contexts store numbers and booleans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Values {
    Typed,
    /// All values are texts, so the JSON has texts, too.
    Texts,
}

/// Returns the context of a user as JSON. `id` is the name of the user's id.
pub(crate) fn written(person: &Person, id: &str, values: Values) -> Vec<u8> {
    let scalar = |value: Json| match values {
        Values::Typed => value,
        Values::Texts => json!(value.to_string()),
    };
    let number = |number: f64| if number.fract() == 0.0 { json!(number as i64) } else { json!(number) };
    let context = json!({
        id: person.id, "age": scalar(number(person.age)), "appVersion": person.app_version, "country": person.country,
        "device": person.device, "email": person.email, "loggedIn": scalar(json!(person.logged_in)), "org": person.org,
        "plan": person.plan, "score": scalar(number(person.score)),
    });
    context.to_string().into_bytes()
}

/// Reads a context, and passes its names and values to `take`.
pub(crate) fn read<'a>(bytes: &'a [u8], take: impl FnMut(Cow<'a, str>, Scalar<'a>)) {
    // Texts are not validated one by one, if all bytes are.
    let text = str::from_utf8(bytes).expect("UTF-8");
    let mut json = serde_json::Deserializer::from_str(text);
    json.deserialize_map(Names(take)).expect("a context");
    json.end().expect("one context");
}

struct Names<F>(F);

impl<'a, F: FnMut(Cow<'a, str>, Scalar<'a>)> Visitor<'a> for Names<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a context")
    }

    fn visit_map<A: MapAccess<'a>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some((Name(name), value)) = map.next_entry()? {
            (self.0)(name, value);
        }
        Ok(())
    }
}

struct Name<'a>(Cow<'a, str>);

impl<'a> Deserialize<'a> for Name<'a> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'a> Visitor<'a> for Text {
            type Value = Name<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'a str) -> Result<Name<'a>, E> {
                Ok(Name(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Name<'a>, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl<'a> Deserialize<'a> for Scalar<'a> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'a> Visitor<'a> for Any {
            type Value = Scalar<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a number or a boolean")
            }

            fn visit_bool<E: Error>(self, boolean: bool) -> Result<Scalar<'a>, E> {
                Ok(Scalar::Boolean(boolean))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Scalar<'a>, E> {
                Ok(Scalar::Number(number as f64))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Scalar<'a>, E> {
                Ok(Scalar::Number(number as f64))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Scalar<'a>, E> {
                Ok(Scalar::Number(number))
            }

            fn visit_borrowed_str<E: Error>(self, text: &'a str) -> Result<Scalar<'a>, E> {
                Ok(Scalar::Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Scalar<'a>, E> {
                Ok(Scalar::Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_any(Any)
    }
}
