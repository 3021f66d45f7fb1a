//! `flagctl.yaml`.

use crate::bundle::{Bucketing, Element, Type};
use crate::model::lower::{Lowering, each};
use crate::snapshot::Spanned;
use crate::yaml::{Completeness, Node, Value};

/// What holds for all flags of a repository.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Whether all of the file could be read; where not, little can be said about the other files.
    pub whole: Completeness,
    /// In the order of promotion.
    pub environments: Vec<Spanned<String>>,
    /// The context schema, in the order of the file.
    pub attributes: Vec<AttributeDeclaration>,
    /// How units fall in buckets.
    pub bucketing: Bucketing,
    /// Codes and the level each is set to, as written.
    pub lint: Vec<(Spanned<String>, Spanned<String>)>,
}

/// One attribute of the context schema.
#[derive(Debug, Clone)]
pub struct AttributeDeclaration {
    /// As contexts name it.
    pub name: Spanned<String>,
    /// What its values are.
    pub kind: Type,
    /// The only values there are.
    pub allowed: Option<Vec<Spanned<String>>>,
    /// Whether applications promise to send it always.
    pub required: bool,
}

const LEVELS: [&str; 3] = ["off", "warning", "error"];

impl Settings {
    /// Iterates over the names of the environments, in the order of promotion.
    pub fn environment_names(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.environments.iter().map(|name| name.value.as_str())
    }

    pub(super) fn lower(lowering: &mut Lowering, root: &Node) -> Self {
        let fields = lowering.fields(root, &["version", "environments", "attributes", "bucketing", "lint"]);
        let mut settings = Self::default();
        if let Some(version) = fields.required("version", lowering)
            && !matches!(&version.value, Value::Number(number, _) if number.as_f64() == Some(1.0))
        {
            lowering.misfit::<()>(version.span, "the number 1");
        }
        if let Some(environments) = fields.required("environments", lowering) {
            let items = lowering.list(environments);
            lowering.distinct(environments, items);
            settings.environments = each(items, |item| lowering.name(item));
        }
        if let Some(attributes) = fields.get("attributes") {
            let entries = lowering.mapping(attributes);
            settings.attributes = entries
                .iter()
                .filter_map(|entry| {
                    if !is_attribute(&entry.key) {
                        return lowering.misfit(entry.key_span, "an attribute's name");
                    }
                    let name = Spanned { value: entry.key.clone(), span: entry.key_span };
                    AttributeDeclaration::lower(lowering, name, &entry.value)
                })
                .collect();
        }
        if let Some(bucketing) = fields.get("bucketing") {
            settings.bucketing = match bucketing.as_text() {
                Some("siphash") => Bucketing::Siphash,
                Some("flagd-v2") => Bucketing::FlagdV2,
                Some("flagd-v3") => Bucketing::FlagdV3,
                _ => lowering.misfit(bucketing.span, "a bucketing").unwrap_or_default(),
            };
        }
        if let Some(lint) = fields.get("lint") {
            for entry in lowering.mapping(lint) {
                let level = lowering.text(&entry.value).filter(|level| LEVELS.contains(&level.value.as_str()));
                match (lowering.key(entry), level) {
                    (Some(code), Some(level)) => settings.lint.push((code, level)),
                    _ => lowering.misfit(entry.value.span, "a level").unwrap_or_default(),
                }
            }
        }
        settings
    }
}

impl AttributeDeclaration {
    fn lower(lowering: &mut Lowering, name: Spanned<String>, node: &Node) -> Option<Self> {
        if let Some(kind) = node.as_text() {
            return match scalar_type(kind) {
                Some(kind) => Some(Self { name, kind, allowed: None, required: false }),
                None => lowering.misfit(node.span, "a type"),
            };
        }
        let fields = lowering.fields(node, &["type", "of", "enum", "required", "description"]);
        let kind = fields.required("type", lowering)?;
        let element = match fields.get("of") {
            None => None,
            Some(of) => match of.as_text() {
                Some("string") => Some(Element::String),
                Some("number") => Some(Element::Number),
                _ => return lowering.misfit(of.span, "a type of element"),
            },
        };
        let kind = match (kind.as_text(), element) {
            (Some("list"), Some(element)) => Type::List(element),
            (Some(text), None) if scalar_type(text).is_some() => scalar_type(text)?,
            _ => return lowering.misfit(kind.span, "a type"),
        };
        let allowed = match fields.get("enum") {
            None => None,
            Some(values) if matches!(kind, Type::String | Type::List(Element::String)) => {
                let items = lowering.list(values);
                lowering.distinct(values, items);
                Some(each(items, |item| lowering.text(item)))
            }
            Some(values) => return lowering.misfit(values.span, "no enum"),
        };
        let required = fields.get("required").and_then(|required| lowering.boolean(required));
        fields.get("description").and_then(|description| lowering.words(description));
        Some(Self { name, kind, allowed, required: required.is_some_and(|required| required.value) })
    }
}

fn scalar_type(name: &str) -> Option<Type> {
    Some(match name {
        "boolean" => Type::Boolean,
        "number" => Type::Number,
        "string" => Type::String,
        "semver" => Type::Semver,
        "datetime" => Type::Datetime,
        "ip" => Type::Ip,
        _ => return None,
    })
}

/// Whether a text can be an attribute's name: words of letters, digits, `_` and `-`, joined by dots.
fn is_attribute(text: &str) -> bool {
    let word = |word: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'$');
        !word.is_empty() && word.bytes().all(plain)
    };
    text.len() <= 128 && text.split('.').all(word)
}
