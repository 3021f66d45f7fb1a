//! The context schema: which attributes there are, and of what type.

use serde::{Deserialize, Serialize};

use crate::bundle::string_set::Texts;

/// The attribute that identifies the unit unless a flag names another; every schema has it.
pub const TARGETING_KEY: &str = "targetingKey";
/// The moment of the decision, as an attribute; every schema has it and no context sets it.
pub const NOW: &str = "now";

/// Where an attribute stands in [`Attributes`], and its value in a context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AttributeId(pub u16);

impl AttributeId {
    /// [`TARGETING_KEY`] in every schema.
    pub const TARGETING_KEY: Self = Self(0);
    /// [`NOW`] in every schema.
    pub const NOW: Self = Self(1);
}

/// What an attribute's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Type {
    /// True or false.
    Boolean,
    /// An IEEE 754 double; integers are exact up to 2^53.
    Number,
    /// Text, compared by its code points.
    String,
    /// A version by the Semantic Versioning 2.0.0 grammar, ordered by its precedence.
    Semver,
    /// A moment in RFC 3339's notation, with an offset.
    Datetime,
    /// An IPv4 or IPv6 address.
    Ip,
    /// Several values of one type.
    List(Element),
}

/// What a list's elements are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Element {
    /// As [`Type::Number`].
    Number,
    /// As [`Type::String`].
    String,
}

impl Type {
    /// [`Type::name`] with its article.
    pub fn described(self) -> &'static str {
        match self {
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Semver => "a semver",
            Self::Datetime => "a datetime",
            Self::Ip => "an ip",
            Self::List(Element::String) => "a list of string",
            Self::List(Element::Number) => "a list of number",
        }
    }

    /// As `flagctl.yaml` writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Number => "number",
            Self::String => "string",
            Self::Semver => "semver",
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
pub struct Attribute {
    /// As contexts name it; dots separate the levels of nested objects.
    pub name: Box<str>,
    /// A value of any other type counts as unusable.
    #[serde(rename = "type")]
    pub kind: Type,
    /// The only values there are, for strings and lists of strings; any other counts as unusable.
    #[serde(default, rename = "enum", skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Box<[Box<str>]>>,
}

/// The context schema, in a fixed order.
#[derive(Debug, Clone)]
pub struct Attributes {
    list: Vec<Attribute>,
    names: Texts,
}

impl Attributes {
    /// The two that every schema has, then the declared ones in ascending order of their names.
    ///
    /// A declaration of [`TARGETING_KEY`] replaces the built-in one; one of [`NOW`] is left out.
    pub fn new(declared: impl IntoIterator<Item = Attribute>) -> Self {
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

    /// How many there are, the built-in ones included.
    #[allow(clippy::len_without_is_empty, reason = "a schema is never empty")]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// The attribute of that name.
    pub fn find(&self, name: &str) -> Option<AttributeId> {
        self.names.find(name).and_then(|place| u16::try_from(place).ok()).map(AttributeId)
    }

    /// The attribute at that place.
    pub fn get(&self, id: AttributeId) -> Option<&Attribute> {
        self.list.get(usize::from(id.0))
    }

    /// All of them with their places, built-in ones first, then by name.
    pub fn iter(&self) -> impl Iterator<Item = (AttributeId, &Attribute)> {
        (0u16..).map(AttributeId).zip(&self.list)
    }
}
