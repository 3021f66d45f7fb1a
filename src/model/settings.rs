//! `flagctl.yaml` in written form.

use crate::bundle::{Bucketing, Element, Percent, Type};
use crate::model::environment_names::{EnvironmentGroup, EnvironmentNames};
use crate::model::kind::{DEFAULT_KINDS, KindDeclaration, KindRequirements};
use crate::model::lower::{Lowering, read_all};
use crate::model::policy::{Policy, PolicyEntry};
use crate::model::target::Target;
use crate::snapshot::{Span, Spanned};
use crate::yaml::{Completeness, Node, Value};

/// The settings of a flag repository.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Whether everything in the file could be read. If not, the other files are not checked, because the missing part
    /// may declare any environment or attribute.
    pub completeness: Completeness,
    /// The versions of flagctl that can read the repository, as the text of a semver requirement.
    pub flagctl: Option<Spanned<String>>,
    /// The environments, in the order of promotion.
    pub environments: Vec<Spanned<String>>,
    /// The groups of environments, in the order of the file.
    pub groups: Vec<EnvironmentGroup>,
    /// The context schema: the declared attributes, in the order of the file.
    pub attributes: Vec<AttributeDeclaration>,
    /// The algorithm that maps units to buckets.
    pub bucketing: Bucketing,
    /// The position of the algorithm, if the file names it.
    pub bucketing_span: Option<Span>,
    /// The codes in their written form, each with its level.
    pub lint: Vec<(Spanned<String>, Spanned<LintLevel>)>,
    /// The kinds of flags, in the order of the file. The list is empty if the default kinds apply.
    pub kinds: Vec<KindDeclaration>,
    /// The targets of publishing, in the order of the file.
    pub targets: Vec<Target>,
    /// The policy of environments and groups, in the order of the file.
    pub policy: Vec<PolicyEntry>,
}

/// One attribute of the context schema.
#[derive(Debug, Clone)]
pub struct AttributeDeclaration {
    /// The name in contexts and conditions.
    pub name: Spanned<String>,
    /// The type of its values.
    pub kind: Type,
    /// The allowed values, if the declaration limits them.
    pub allowed: Option<Vec<Spanned<String>>>,
    /// Whether applications always send the attribute.
    pub required: bool,
    /// The meaning of the attribute, as a sentence.
    pub description: Option<Spanned<String>>,
    /// The declared shares of contexts with these values, for the size of a new condition.
    pub weights: Vec<(Spanned<String>, Spanned<Percent>)>,
}

/// The level at which a code is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LintLevel {
    /// The code is not reported.
    Off,
    /// The code is reported as a warning.
    Warning,
    /// The code is reported as an error.
    Error,
}

impl Settings {
    /// Iterates over the names of the environments, in the order of promotion.
    pub fn environment_names(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.environments.iter().map(|name| name.value.as_str())
    }

    /// Returns the names under which the fields of an environment are written.
    pub fn names_of<'n>(&'n self, environment: &'n str) -> EnvironmentNames<'n> {
        EnvironmentNames::new(environment, &self.groups)
    }

    /// Returns the group with a name.
    pub fn group(&self, name: &str) -> Option<&EnvironmentGroup> {
        self.groups.iter().find(|group| group.name.value == name)
    }

    /// Returns the environments for which a name in `environments` of a flag or a rule stands: the members of a group,
    /// or the environment itself. The result is empty if the name is unknown.
    pub fn members<'s>(&'s self, name: &str) -> Vec<&'s str> {
        match self.group(name) {
            Some(group) => group.names(),
            None => self.environment_names().filter(|environment| *environment == name).collect(),
        }
    }

    /// Returns the kinds of flags: the declared kinds, or the default kinds.
    pub fn kinds(&self) -> Vec<KindRequirements<'_>> {
        if self.kinds.is_empty() {
            return DEFAULT_KINDS.to_vec();
        }
        self.kinds.iter().map(KindDeclaration::requirements).collect()
    }

    /// Returns what is required of the flags of a kind, or `None` if the kind does not exist.
    pub fn kind(&self, name: &str) -> Option<KindRequirements<'_>> {
        self.kinds().into_iter().find(|kind| kind.name == name)
    }

    /// Returns the policy for the flags of a kind in an environment, or `None` if no entry is about the environment. The
    /// entry of the environment comes before those of its groups.
    pub fn policy_of(&self, environment: &str, kind: &str) -> Option<Policy<'_>> {
        let own = self.policy.iter().filter(|entry| entry.name.value == environment);
        let groups = self
            .policy
            .iter()
            .filter(|entry| self.group(&entry.name.value).is_some_and(|group| group.contains(environment)));
        Policy::join(&own.chain(groups).collect::<Vec<_>>(), kind)
    }

    pub(super) fn lower(lowering: &mut Lowering, root: &Node) -> Self {
        let fields = lowering.fields(
            root,
            &[
                "version",
                "flagctl",
                "environments",
                "groups",
                "attributes",
                "bucketing",
                "kinds",
                "lint",
                "publish",
                "policy",
            ],
        );
        let flagctl = fields.get("flagctl").and_then(|node| lowering.nonempty_text(node));
        let mut settings = Self { flagctl, ..Self::default() };
        if let Some(version) = fields.required("version", lowering)
            && !matches!(&version.value, Value::Number(number, _) if number.as_f64() == Some(1.0))
        {
            lowering.misfit::<()>(version.span, "the number `1`");
        }
        if let Some(environments) = fields.required("environments", lowering) {
            settings.environments = lowering.distinct_list(environments, Lowering::name);
        }
        if let Some(groups) = fields.get("groups") {
            settings.groups = read_all(lowering.mapping(groups), |entry| EnvironmentGroup::lower(lowering, entry));
        }
        if let Some(attributes) = fields.get("attributes") {
            let entries = lowering.mapping(attributes);
            settings.attributes = entries
                .iter()
                .filter_map(|entry| {
                    if !is_attribute_name(&entry.key) {
                        return lowering.misfit(entry.key_span, "an attribute name of at most 128 characters: words of letters, digits, `_`, `$` and `-`, joined by dots");
                    }
                    let name = Spanned { value: entry.key.clone(), span: entry.key_span };
                    AttributeDeclaration::lower(lowering, name, &entry.value)
                })
                .collect();
        }
        if let Some(bucketing) = fields.get("bucketing") {
            settings.bucketing_span = Some(bucketing.span);
            settings.bucketing = match bucketing.as_text() {
                Some("siphash") => Bucketing::Siphash,
                Some("flagd-v2") => Bucketing::FlagdV2,
                Some("flagd-v3") => Bucketing::FlagdV3,
                _ => lowering.misfit(bucketing.span, "a bucketing algorithm").unwrap_or_default(),
            };
        }
        if let Some(kinds) = fields.get("kinds") {
            let entries = lowering.nonempty_mapping(kinds);
            settings.kinds = read_all(entries, |entry| KindDeclaration::lower(lowering, entry));
        }
        if let Some(lint) = fields.get("lint") {
            for entry in lowering.mapping(lint) {
                let level = match entry.value.as_text() {
                    Some("off") => Some(LintLevel::Off),
                    Some("warning") => Some(LintLevel::Warning),
                    Some("error") => Some(LintLevel::Error),
                    _ => None,
                };
                match (lowering.key(entry), level) {
                    (Some(code), Some(value)) => settings.lint.push((code, Spanned { value, span: entry.value.span })),
                    _ => lowering.misfit(entry.value.span, "a lint level").unwrap_or_default(),
                }
            }
        }
        if let Some(publish) = fields.get("publish") {
            settings.targets = read_all(lowering.mapping(publish), |entry| Target::lower(lowering, entry));
        }
        if let Some(policy) = fields.get("policy") {
            settings.policy = read_all(lowering.mapping(policy), |entry| PolicyEntry::lower(lowering, entry));
        }
        settings
    }
}

impl AttributeDeclaration {
    fn lower(lowering: &mut Lowering, name: Spanned<String>, node: &Node) -> Option<Self> {
        if let Some(kind) = node.as_text() {
            return match scalar_type(kind) {
                Some(kind) => {
                    Some(Self { name, kind, allowed: None, required: false, description: None, weights: Vec::new() })
                }
                None => lowering.misfit(node.span, "a type"),
            };
        }
        let fields = lowering.fields(node, &["type", "of", "enum", "required", "description", "weights"]);
        let kind = fields.required("type", lowering)?;
        let element = match fields.get("of") {
            None => None,
            Some(of) => match of.as_text() {
                Some("string") => Some(Element::String),
                Some("number") => Some(Element::Number),
                _ => return lowering.misfit(of.span, "an element type"),
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
                Some(lowering.distinct_list(values, Lowering::text))
            }
            Some(values) => return lowering.misfit(values.span, "an `enum` only for strings and lists of strings"),
        };
        let weights = match fields.get("weights") {
            None => Vec::new(),
            Some(weights) if kind == Type::String => read_all(lowering.nonempty_mapping(weights), |entry| {
                let name = Spanned { value: entry.key.clone(), span: entry.key_span };
                Some((name, lowering.percent(&entry.value)?))
            }),
            Some(weights) => return lowering.misfit(weights.span, "`weights` only for strings"),
        };
        let required = fields.get("required").and_then(|required| lowering.boolean(required));
        let description = fields.get("description").and_then(|description| lowering.nonempty_text(description));
        let required = required.is_some_and(|required| required.value);
        Some(Self { name, kind, allowed, required, description, weights })
    }
}

fn scalar_type(name: &str) -> Option<Type> {
    Some(match name {
        "boolean" => Type::Boolean,
        "number" => Type::Number,
        "string" => Type::String,
        "semver" => Type::Semver,
        "version" => Type::Version,
        "datetime" => Type::Datetime,
        "ip" => Type::Ip,
        _ => return None,
    })
}

/// Returns whether a text can be the name of an attribute: words of letters, digits, `_`, `$` and `-`, joined by dots.
pub fn is_attribute_name(text: &str) -> bool {
    let word = |word: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'$');
        !word.is_empty() && word.bytes().all(plain)
    };
    text.len() <= 128 && text.split('.').all(word)
}
