//! What the published schema says about a position: the keys that are possible, their descriptions, and kinds of names.

use serde_json::{Map, Value as Json};

use crate::lsp::cursor::Step;
use crate::schema::{NAMES, NameKind};

/// The schemas of the value at a path.
pub(super) struct Place<'s> {
    root: &'s Json,
    schemas: Vec<&'s Map<String, Json>>,
    /// What the value is the name of.
    pub(super) names: Option<NameKind>,
    /// The attribute with which the value is compared, or whose value it is.
    pub(super) attribute: Option<String>,
    /// The flag whose variants the value names.
    pub(super) flag: Option<String>,
}

impl<'s> Place<'s> {
    /// Follows a path from the root of a schema.
    pub(super) fn find(root: &'s Json, path: &[Step]) -> Self {
        let mut place = Self { root, schemas: Vec::new(), names: None, attribute: None, flag: None };
        place.schemas = place.expanded(root);
        path.iter().for_each(|step| place.step(step));
        place
    }

    fn step(&mut self, step: &Step) {
        let (mut inner, mut names) = (Vec::new(), None);
        for schema in std::mem::take(&mut self.schemas) {
            match step {
                Step::Item => {
                    if let Some(items) = schema.get("items") {
                        inner.extend(self.expanded(items));
                        names = names.or_else(|| name_kind(items));
                    }
                    // A list of names has the kind of the list.
                    names = names.or(self.names);
                }
                Step::Key(key) => {
                    match key_kind(schema) {
                        Some(NameKind::Attribute) if property(schema, key).is_none() => {
                            self.attribute = Some(key.clone())
                        }
                        Some(NameKind::Flag) => self.flag = Some(key.clone()),
                        _ => {}
                    }
                    if let Some(next) = property(schema, key).or_else(|| schema.get("additionalProperties")) {
                        inner.extend(self.expanded(next));
                        names = names.or_else(|| name_kind(next));
                    }
                }
            }
        }
        self.schemas = inner;
        self.names = names;
    }

    /// Iterates over the keys of the value, each with its description.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&'s str, &'s str)> {
        let properties = self.schemas.iter().filter_map(|schema| schema.get("properties")?.as_object());
        properties
            .flatten()
            .map(|(key, schema)| (key.as_str(), schema.get("description").and_then(Json::as_str).unwrap_or_default()))
    }

    /// Returns the description of a key.
    pub(super) fn description(&self, key: &str) -> Option<&'s str> {
        self.keys().find(|(name, _)| *name == key).map(|(_, description)| description)
    }

    /// Returns what the keys of the value are names of.
    pub(super) fn key_names(&self) -> Option<NameKind> {
        self.schemas.iter().find_map(|schema| key_kind(schema))
    }

    /// Iterates over the values that the schema lists.
    pub(super) fn values(&self) -> impl Iterator<Item = &'s str> {
        let listed = self.schemas.iter().filter_map(|schema| schema.get("enum")?.as_array()).flatten();
        let examples = self.schemas.iter().filter_map(|schema| schema.get("examples")?.as_array()).flatten();
        let is_boolean = self.schemas.iter().any(|schema| schema.get("type").is_some_and(|kind| kind == "boolean"));
        let booleans: &[&str] = if is_boolean { &["true", "false"] } else { &[] };
        listed.chain(examples).filter_map(Json::as_str).chain(booleans.iter().copied())
    }

    /// Returns whether the value is the operators of a comparison.
    pub(super) fn is_comparison(&self) -> bool {
        self.attribute.is_some() && self.description("starts_with").is_some()
    }

    /// Returns a schema, and the schemas that it may refer to.
    fn expanded(&self, schema: &'s Json) -> Vec<&'s Map<String, Json>> {
        let (mut found, mut open) = (Vec::new(), vec![schema]);
        while let Some(schema) = open.pop() {
            let Some(keywords) = schema.as_object() else { continue };
            // A definition may refer to itself only inside a property or an item, but the bound costs nothing.
            if found.len() > 100 {
                break;
            }
            found.push(keywords);
            if let Some(path) = keywords.get("$ref").and_then(Json::as_str).and_then(|path| path.strip_prefix('#')) {
                open.extend(self.root.pointer(path));
            }
            open.extend(["then", "else"].iter().filter_map(|keyword| keywords.get(*keyword)));
            for keyword in ["anyOf", "oneOf", "allOf"] {
                open.extend(keywords.get(keyword).and_then(Json::as_array).into_iter().flatten());
            }
        }
        found
    }
}

fn property<'s>(schema: &'s Map<String, Json>, key: &str) -> Option<&'s Json> {
    schema.get("properties")?.get(key)
}

fn name_kind(schema: &Json) -> Option<NameKind> {
    schema.get(NAMES).and_then(Json::as_str).and_then(NameKind::find)
}

fn key_kind(schema: &Map<String, Json>) -> Option<NameKind> {
    schema.get("propertyNames").and_then(name_kind)
}
