//! The context schema: the attributes that a context may have, and their types.

use serde::{Deserialize, Serialize};

use crate::bundle::string_set::StringSet;

/// The attribute that identifies the unit, unless a flag names another attribute. Every schema has it.
pub const TARGETING_KEY: &str = "targetingKey";
/// The time of the decision, as an attribute. Every schema has it, and no context sets it.
pub const NOW: &str = "now";

/// The index of an attribute in [`Attributes`], and of its value in a context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AttributeId(pub u16);

impl AttributeId {
    /// The index of [`TARGETING_KEY`] in every schema.
    pub const TARGETING_KEY: Self = Self(0);
    /// The index of [`NOW`] in every schema.
    pub const NOW: Self = Self(1);
}

/// The type of an attribute's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Type {
    /// A Boolean value: true or false.
    Boolean,
    /// An IEEE 754 double. Integers are exact up to 2^53 - 1.
    Number,
    /// Text, compared by its code points.
    String,
    /// A version in the grammar of Semantic Versioning 2.0.0, ordered by its precedence.
    Semver,
    /// A version of any number of parts, such as `137.1.80.31`.
    Version,
    /// A time in the notation of RFC 3339, with an offset.
    Datetime,
    /// An IPv4 or IPv6 address.
    Ip,
    /// Several values of one type.
    List(Element),
}

/// The type of a list's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Element {
    /// Numbers, as [`Type::Number`].
    Number,
    /// Texts, as [`Type::String`].
    String,
}

impl Type {
    /// Returns [`Type::name`] with its article.
    pub fn described(self) -> &'static str {
        match self {
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Semver => "a semantic version",
            Self::Version => "a version",
            Self::Datetime => "a datetime",
            Self::Ip => "an IP address",
            Self::List(Element::String) => "a list of strings",
            Self::List(Element::Number) => "a list of numbers",
        }
    }

    /// Returns the name of the type in `flagctl.yaml`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Number => "number",
            Self::String => "string",
            Self::Semver => "semver",
            Self::Version => "version",
            Self::Datetime => "datetime",
            Self::Ip => "ip",
            Self::List(Element::String) => "list of string",
            Self::List(Element::Number) => "list of number",
        }
    }
}

/// One attribute of the context schema.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Attribute {
    /// The name in contexts. Dots separate the levels of nested objects.
    pub name: Box<str>,
    /// The type. A value of another type is unusable.
    #[serde(rename = "type")]
    pub kind: Type,
    /// The allowed values of a string, or of the elements of a list of strings. Another value is unusable.
    #[serde(default, rename = "enum", skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Box<[Box<str>]>>,
}

/// The context schema: attributes in a fixed order.
#[derive(Debug, Clone)]
pub struct Attributes {
    list: Vec<Attribute>,
    names: StringSet,
}

impl Attributes {
    /// Creates a schema from the two built-in attributes, followed by the declared attributes in ascending order of
    /// their names.
    ///
    /// A declaration of [`TARGETING_KEY`] replaces the built-in one. A declaration of [`NOW`] is ignored.
    pub(crate) fn new(declared: impl IntoIterator<Item = Attribute>) -> Self {
        let built_in = |name: &str, kind| Attribute { name: name.into(), kind, allowed: None };
        let mut targeting_key = built_in(TARGETING_KEY, Type::String);
        let mut rest = Vec::new();
        for attribute in declared {
            match attribute.name.as_ref() {
                TARGETING_KEY => targeting_key = attribute,
                NOW => {}
                _ => rest.push(attribute),
            }
        }
        rest.sort_by(|a, b| a.name.cmp(&b.name));
        rest.dedup_by(|a, b| a.name == b.name);
        rest.truncate(usize::from(u16::MAX) - 2);
        let mut list = vec![targeting_key, built_in(NOW, Type::Datetime)];
        list.append(&mut rest);
        let names = list.iter().map(|attribute| attribute.name.as_ref()).collect();
        Self { list, names }
    }

    /// Returns the number of attributes, including the built-in ones.
    #[allow(clippy::len_without_is_empty, reason = "a schema is never empty")]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Finds the index of an attribute by its name.
    pub fn find(&self, name: &str) -> Option<AttributeId> {
        self.names.find(name).and_then(|index| u16::try_from(index).ok()).map(AttributeId)
    }

    /// Returns the attribute at an index.
    pub fn get(&self, id: AttributeId) -> Option<&Attribute> {
        self.list.get(usize::from(id.0))
    }

    /// Returns the name of the attribute at an index, or an empty text if the schema has no such attribute.
    pub(crate) fn name(&self, id: AttributeId) -> &str {
        self.get(id).map_or("", |attribute| &attribute.name)
    }

    /// Iterates over the attributes with their indices: the built-in ones first, then by name.
    pub fn iter(&self) -> impl Iterator<Item = (AttributeId, &Attribute)> {
        (0u16..).map(AttributeId).zip(&self.list)
    }
}
