//! Adds the names of a repository to a published schema.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use crate::model::DefinitionKind;
use crate::schema::project::attribute;
use crate::schema::project::name_kind::{NAMES, NameKind};
use crate::schema::project::names::{Name, Names};
use crate::schema::project::snippets;
use crate::schema::published;

/// Returns the schema of a kind of file with the names of a repository.
pub fn specialized(kind: DefinitionKind, names: Names<'_>) -> Json {
    let mut schema = published::schema(kind).json.clone();
    let definitions = schema.get("$defs").and_then(Json::as_object).cloned().unwrap_or_default();
    let mut work = Specialization { names, published: &definitions, known: BTreeMap::new(), added: Map::new() };
    work.walk(&mut schema, None);
    let added = work.added;
    if let Some(definitions) = schema.get_mut("$defs").and_then(Json::as_object_mut) {
        definitions.extend(added);
    }
    snippets::add(kind, &mut schema);
    schema
}

/// The state of one specialization.
struct Specialization<'p> {
    names: Names<'p>,
    /// The published definitions.
    published: &'p Map<String, Json>,
    /// The names of each kind that was asked for.
    known: BTreeMap<NameKind, Vec<Name>>,
    /// Definitions that the result has and the published schema has not.
    added: Map<String, Json>,
}

impl<'p> Specialization<'p> {
    /// Adds names to a schema and to everything inside it. `variants` are those of the flag that is the nearest key above.
    fn walk(&mut self, schema: &mut Json, variants: Option<&[&str]>) {
        match schema {
            Json::Array(items) => items.iter_mut().for_each(|item| self.walk(item, variants)),
            Json::Object(keywords) => {
                self.keys(keywords);
                // An editor would offer `[object Object]` for them.
                if let Some(Json::Array(examples)) = keywords.get_mut("examples") {
                    examples.retain(|example| !example.is_object() && !example.is_array());
                    if examples.is_empty() {
                        keywords.remove("examples");
                    }
                }
                for (keyword, inner) in keywords.iter_mut() {
                    if !matches!(keyword.as_str(), "enum" | "const" | "examples" | "required" | "description" | "title")
                    {
                        self.walk(inner, variants);
                    }
                }
                // In a mapping of properties, an attribute may have the name of the annotation.
                if let Some(kind) = keywords.get(NAMES).and_then(Json::as_str).and_then(NameKind::find) {
                    keywords.remove(NAMES);
                    self.values(keywords, kind, variants);
                }
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
    }

    /// Adds the known keys of a mapping as properties. Other keys stay allowed, as in the published schema.
    fn keys(&mut self, keywords: &mut Map<String, Json>) {
        let kind =
            keywords.get_mut("propertyNames").and_then(Json::as_object_mut).and_then(|names| names.remove(NAMES));
        let Some(kind) = kind.as_ref().and_then(Json::as_str).and_then(NameKind::find) else { return };
        // An editor offers the title of a key as its text.
        let names = keywords.remove("propertyNames").and_then(|names| names.as_object().cloned()).unwrap_or_default();
        let names = self.inline(names);
        if !names.is_empty() {
            keywords.insert("propertyNames".to_owned(), Json::Object(names));
        }
        let other = keywords.get("additionalProperties").cloned().unwrap_or(Json::Bool(true));
        let properties = match kind {
            NameKind::Attribute => self.attributes(&other),
            NameKind::Flag => self.flags(&other),
            kind => {
                // The walk reaches these properties afterwards.
                let with = |name: Name| (name.text, described(&other, &name.description));
                self.of_kind(kind).to_vec().into_iter().map(with).collect()
            }
        };
        let known = keywords.entry("properties").or_insert_with(|| Json::Object(Map::new()));
        if let Some(known) = known.as_object_mut() {
            for (name, schema) in properties {
                known.entry(name).or_insert(schema);
            }
        }
    }

    /// Returns a property for each attribute: its comparisons in a condition, and its values elsewhere.
    fn attributes(&mut self, other: &Json) -> Vec<(String, Json)> {
        let is_comparison = other.get("$ref").is_some();
        let is_list = other.get("type").is_some_and(|kind| kind == "array");
        let operators = self.published.get("operators").and_then(|operators| operators.get("properties"));
        let operators = operators.and_then(Json::as_object).cloned().unwrap_or_default();
        let mut properties = Vec::new();
        for name in self.of_kind(NameKind::Attribute).to_vec() {
            let declared = self.names.attributes().find(|declared| declared.name.value == name.text);
            let schema = match declared {
                Some(declared) if is_comparison => {
                    let definition = format!("attribute-{}", name.text);
                    self.added.entry(definition.clone()).or_insert_with(|| attribute::comparison(declared, &operators));
                    json!({"$ref": format!("#/$defs/{definition}")})
                }
                // A nested mapping, a null or a list of values is possible in a test, too.
                Some(declared) if is_list => {
                    json!({"type": "array", "minItems": 1, "items": {"anyOf": [attribute::value(declared), true]}})
                }
                Some(declared) => json!({"anyOf": [attribute::value(declared), true]}),
                None => other.clone(),
            };
            properties.push((name.text, described(&schema, &name.description)));
        }
        properties
    }

    /// Returns a property for each flag. Flags with the same variants share one definition.
    fn flags(&mut self, other: &Json) -> Vec<(String, Json)> {
        let mut shared: BTreeMap<Vec<&str>, String> = BTreeMap::new();
        let mut properties = Vec::new();
        for (flag, variants) in self.names.flags() {
            let definition = match shared.get(&variants) {
                Some(definition) => definition.clone(),
                None => {
                    let definition = format!("flag-{}", self.added.len());
                    // Reserves the name, because the walk may add definitions, too.
                    self.added.insert(definition.clone(), Json::Null);
                    let mut schema = other.clone();
                    self.walk(&mut schema, Some(&variants));
                    self.added.insert(definition.clone(), schema);
                    shared.insert(variants, definition.clone());
                    definition
                }
            };
            let reference = json!({"$ref": format!("#/$defs/{definition}")});
            let description = flag.description.as_ref().map_or("", |description| description.value.as_str());
            properties.push((flag.key.clone(), described(&reference, description)));
        }
        properties
    }

    /// Offers names as the values of a schema. It accepts what it accepted before.
    fn values(&mut self, keywords: &mut Map<String, Json>, kind: NameKind, variants: Option<&[&str]>) {
        let names: Vec<Name> = match (kind, variants) {
            (NameKind::VariantOfFlag, Some(variants)) => {
                variants.iter().map(|name| Name { text: (*name).to_owned(), description: String::new() }).collect()
            }
            // Without a known flag, any variant may be meant.
            (NameKind::VariantOfFlag, None) => return,
            (kind, _) => self.of_kind(kind).to_vec(),
        };
        if names.is_empty() {
            return;
        }
        let texts: Vec<&str> = names.iter().map(|name| name.text.as_str()).collect();
        let known = if names.iter().all(|name| name.description.is_empty()) {
            json!({"enum": texts})
        } else {
            let descriptions: Vec<&str> = names.iter().map(|name| name.description.as_str()).collect();
            json!({"enum": texts, "enumDescriptions": descriptions})
        };
        let mut before = Map::new();
        for keyword in ["$ref", "type", "if", "then", "else", "minLength", "pattern"] {
            if let Some(operand) = keywords.remove(keyword) {
                before.insert(keyword.to_owned(), operand);
            }
        }
        let mut choices = vec![known.clone()];
        if self.is_list(&before) {
            choices.push(json!({"type": "array", "items": {"anyOf": [known, {"type": "string"}]}}));
        }
        // An editor offers the title of a string as its text.
        let before = self.inline(before);
        choices.push(Json::Object(before));
        keywords.insert("anyOf".to_owned(), Json::Array(choices));
    }

    /// Returns the definition of strings that a schema refers to, or the schema itself, without its title.
    fn inline(&self, schema: Map<String, Json>) -> Map<String, Json> {
        let definition = schema.get("$ref").and_then(Json::as_str).and_then(|path| path.rsplit('/').next());
        let mut schema = match definition.and_then(|name| self.published.get(name)) {
            Some(Json::Object(definition)) if definition.get("type").is_some_and(|kind| kind == "string") => {
                definition.clone()
            }
            _ => schema,
        };
        schema.remove("title");
        schema
    }

    /// Returns whether a value may be a list as well as a string.
    fn is_list(&self, keywords: &Map<String, Json>) -> bool {
        let name = keywords.get("$ref").and_then(Json::as_str).and_then(|path| path.rsplit('/').next());
        let types = match name.and_then(|name| self.published.get(name)) {
            Some(definition) => definition.get("type"),
            None => keywords.get("type"),
        };
        types.and_then(Json::as_array).is_some_and(|types| types.iter().any(|kind| kind == "array"))
    }

    fn of_kind(&mut self, kind: NameKind) -> &[Name] {
        let names = self.names;
        self.known.entry(kind).or_insert_with(|| names.of_kind(kind))
    }
}

/// Returns a schema with a description of one name before its own.
fn described(schema: &Json, description: &str) -> Json {
    let mut schema = schema.clone();
    if let Some(keywords) = schema.as_object_mut().filter(|_| !description.is_empty()) {
        keywords.insert("description".to_owned(), Json::from(description));
    }
    schema
}
