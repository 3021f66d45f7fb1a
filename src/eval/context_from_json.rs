//! Contexts from JSON objects.
//!
//! A context may nest objects or use dotted names: `{"app": {"version": "2.0.0"}}` is `{"app.version": "2.0.0"}`. The
//! readers are visitors of `serde`. They read the input in one pass, borrow its texts, and build no tree for values
//! that are not attributes, except for lists.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

use crate::bundle::{AttributeId, Attributes, NOW};
use crate::eval::context::Context;
use crate::eval::value::{Value, json_type};
use crate::eval::value_from_json::Typed;

/// The reason why JSON is not a context.
///
/// A value of a wrong type is not an error: it is [`Value::Unusable`](crate::eval::Value::Unusable).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContextError {
    /// The bytes are not JSON. The text contains the reason and the position.
    #[error("{0}")]
    Syntax(String),
    /// The JSON is not an object. The text is the type that was found.
    #[error("expected an object of attributes, found {0}")]
    NotAnObject(&'static str),
    /// The context has an attribute twice: under its dotted name, and nested in objects.
    #[error("attribute `{0}` is given twice")]
    Twice(String),
    /// The context sets the time of the decision, which is a parameter of the decision.
    #[error("`{NOW}` is the time of the decision; a context cannot set it")]
    Now,
}

/// A context that was read from JSON.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ParsedContext<'a> {
    /// The attributes of the schema.
    pub context: Context<'a>,
    /// The names that the schema does not contain, in the order of the JSON, with dots between the levels. They do not
    /// affect any decision. A caller may report them, because they are often misspelled attributes.
    pub undeclared: Vec<String>,
}

impl<'a> Context<'a> {
    /// Reads a JSON object whose dotted names or nested objects are attributes.
    ///
    /// # Errors
    /// Returns [`ContextError`] if the JSON is not a context.
    pub fn from_json(attributes: &Attributes, json: &'a Json) -> Result<ParsedContext<'a>, ContextError> {
        let mut reader = Reader::new(attributes);
        match Object(&mut reader).deserialize(json) {
            Ok(()) => Ok(reader.parsed()),
            Err(_) => Err(reader.error.unwrap_or_else(|| ContextError::NotAnObject(json_type(json)))),
        }
    }

    /// Reads a context as [`Context::from_json`] does, from the bytes of the JSON. Texts are borrowed from the bytes.
    ///
    /// # Errors
    /// Returns [`ContextError`] if the bytes are not JSON, or if the JSON is not a context.
    pub fn from_slice(attributes: &Attributes, bytes: &'a [u8]) -> Result<ParsedContext<'a>, ContextError> {
        let mut reader = Reader::new(attributes);
        // Validates UTF-8 once for the complete input, instead of once for each text.
        let json = str::from_utf8(bytes).map(serde_json::Deserializer::from_str);
        let read = json.map(|mut json| Object(&mut reader).deserialize(&mut json).and_then(|()| json.end()));
        if matches!(read, Ok(Ok(()))) {
            return Ok(reader.parsed());
        }
        // Reads the input again as a tree, so the errors are the same as those of `from_json`. In a tree, the last of
        // two equal names in an object is used.
        let json: Json = serde_json::from_slice(bytes).map_err(|error| ContextError::Syntax(error.to_string()))?;
        let parsed = Context::from_json(attributes, &json)?;
        Ok(ParsedContext { context: parsed.context.into_owned(), undeclared: parsed.undeclared })
    }
}

/// The state of reading a context, with the attributes that were read so far.
struct Reader<'a, 's> {
    context: Context<'a>,
    attributes: &'s Attributes,
    /// The path of the current object or value, with dots between the names.
    path: String,
    undeclared: Vec<String>,
    /// The error that ended the reading. Errors of `serde` contain only a text, so this field stores the typed error.
    error: Option<ContextError>,
}

impl<'a, 's> Reader<'a, 's> {
    fn new(attributes: &'s Attributes) -> Self {
        let context = Context::empty(attributes);
        Self { context, attributes, path: String::new(), undeclared: Vec::new(), error: None }
    }

    fn parsed(self) -> ParsedContext<'a> {
        ParsedContext { context: self.context, undeclared: self.undeclared }
    }

    fn refuse<E: Error>(&mut self, error: ContextError) -> E {
        let custom = E::custom(&error);
        self.error = Some(error);
        custom
    }
}

/// Reads the object at the reader's path.
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
        let mut is_empty = true;
        let mut undeclared: Vec<Cow<'a, str>> = Vec::new();
        while let Some(name) = object.next_key_seed(Name { attributes: reader.attributes, path: &reader.path })? {
            is_empty = false;
            match name {
                Named::Attribute(AttributeId::NOW) => return Err(reader.refuse(ContextError::Now)),
                Named::Attribute(id) => match (reader.attributes.get(id), reader.context.value_mut(id)) {
                    (Some(attribute), Some(value @ Value::Absent)) => {
                        object.next_value_seed(Typed { attribute, value })?;
                    }
                    (Some(attribute), _) => {
                        return Err(reader.refuse(ContextError::Twice(attribute.name.to_string())));
                    }
                    (None, _) => drop(object.next_value::<IgnoredAny>()?),
                },
                Named::Undeclared(name) => {
                    reader.path.push_str(&name);
                    reader.path.push('.');
                    undeclared.push(name);
                    object.next_value_seed(Undeclared(reader))?;
                    reader.path.truncate(outer);
                }
            }
        }
        if is_empty && outer > 0 {
            Undeclared(reader).note();
        }
        // A name that is in the object twice may have an attribute in its first value, which the second value replaces.
        undeclared.sort_unstable();
        match undeclared.windows(2).find(|pair| pair.first() == pair.last()) {
            Some(pair) => Err(reader.refuse(ContextError::Twice(pair.concat()))),
            None => Ok(()),
        }
    }
}

/// Reads a name in an object, and finds its attribute. `path` is that of the object, with a dot at its end.
struct Name<'r> {
    attributes: &'r Attributes,
    path: &'r str,
}

/// A name in an object.
enum Named<'a> {
    /// The path of the name is an attribute.
    Attribute(AttributeId),
    /// The path of the name is not an attribute. The name is borrowed if it has no escapes.
    Undeclared(Cow<'a, str>),
}

impl Name<'_> {
    fn find(&self, name: &str) -> Option<AttributeId> {
        if self.path.is_empty() {
            self.attributes.find(name)
        } else {
            self.attributes.find(&(self.path.to_owned() + name))
        }
    }
}

impl<'a> DeserializeSeed<'a> for Name<'_> {
    type Value = Named<'a>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Named<'a>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for Name<'_> {
    type Value = Named<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'a str) -> Result<Named<'a>, E> {
        Ok(self.find(name).map_or_else(|| Named::Undeclared(Cow::Borrowed(name)), Named::Attribute))
    }

    fn visit_str<E>(self, name: &str) -> Result<Named<'a>, E> {
        Ok(self.find(name).map_or_else(|| Named::Undeclared(Cow::Owned(name.to_owned())), Named::Attribute))
    }
}

/// Reads a value whose path is not an attribute, and records the path. If the value is an object, it may contain
/// attributes. The path ends in a dot.
struct Undeclared<'r, 'a, 's>(&'r mut Reader<'a, 's>);

impl Undeclared<'_, '_, '_> {
    fn note(self) {
        self.0.undeclared.push(self.0.path.trim_end_matches('.').to_owned());
    }

    fn noted<E>(self) -> Result<(), E> {
        self.note();
        Ok(())
    }
}

impl<'a> DeserializeSeed<'a> for Undeclared<'_, 'a, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Undeclared<'_, 'a, '_> {
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
        // `IgnoredAny` accepts numbers, escapes and depths that a tree refuses.
        while items.next_element::<Json>()?.is_some() {}
        self.noted()
    }

    fn visit_map<A: MapAccess<'a>>(self, object: A) -> Result<(), A::Error> {
        Object(self.0).visit_map(object)
    }
}
