//! Flags, segments and kills as written.

use jiff::civil::Date;

use crate::bundle::{Percent, rule_name};
use crate::model::condition::{Condition, Requirement};
use crate::model::lower::{Fields, Lowering, each};
use crate::snapshot::{FileId, Span, Spanned};
use crate::yaml::{Completeness, Node, Value};

/// A flag, for all environments.
#[derive(Debug, Clone)]
pub struct Flag {
    /// The file's stem.
    pub key: String,
    /// Where it is defined.
    pub file: FileId,
    /// What to point at when something is missing: the file's first key.
    pub start: Span,
    /// Whether all of the file could be read; where not, what is missing here may be there.
    pub whole: Completeness,
    /// What it is for.
    pub description: Option<Spanned<String>>,
    /// What it is used for, which decides how long it lives; `release` if left out.
    pub kind: Option<Spanned<String>>,
    /// Who answers for it.
    pub owner: Option<Spanned<String>>,
    /// The day after which it should be gone.
    pub expires: Option<Spanned<Date>>,
    /// What it can be listed by.
    pub tags: Vec<Spanned<String>>,
    /// In the order of the file.
    pub variants: Vec<Variant>,
    /// The JSON Schema that each variant's value must satisfy, as a path from the repository's root.
    pub schema: Option<Spanned<String>>,
    /// What it serves where an environment does not say otherwise.
    pub base: Serving,
    /// What single environments say otherwise.
    pub environments: Vec<(Spanned<String>, Serving)>,
}

/// A named value.
#[derive(Debug, Clone)]
pub struct Variant {
    /// What rules serve it by.
    pub name: Spanned<String>,
    /// What applications get.
    pub value: Node,
}

/// The fields that an environment can replace, one by one.
#[derive(Debug, Clone, Default)]
pub struct Serving {
    /// Whether anything but `off` is served.
    pub enabled: Option<Spanned<bool>>,
    /// The variant served when disabled or killed.
    pub off: Option<Spanned<String>>,
    /// The variant served when no rule matches.
    pub default: Option<Spanned<String>>,
    /// The attribute that is bucketed.
    pub unit: Option<Spanned<String>>,
    /// What distinguishes the flag's buckets from those of others.
    pub salt: Option<Spanned<String>>,
    /// Flags and the variants that they must serve.
    pub requires: Option<Vec<Requirement>>,
    /// In the order in which they are asked.
    pub rules: Option<Vec<Rule>>,
}

/// The fields of [`Serving`] as they hold in one environment.
#[derive(Debug, Clone, Copy)]
pub struct Effective<'f> {
    /// [`Serving::enabled`]
    pub enabled: Option<&'f Spanned<bool>>,
    /// [`Serving::off`]
    pub off: Option<&'f Spanned<String>>,
    /// [`Serving::default`]
    pub default: Option<&'f Spanned<String>>,
    /// [`Serving::unit`]
    pub unit: Option<&'f Spanned<String>>,
    /// [`Serving::salt`]
    pub salt: Option<&'f Spanned<String>>,
    /// [`Serving::requires`]
    pub requires: &'f [Requirement],
    /// [`Serving::rules`]
    pub rules: &'f [Rule],
}

/// A condition and what it serves.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The whole rule.
    pub span: Span,
    /// What people call it.
    pub name: Option<Spanned<String>>,
    /// Whom it is for; everyone if left out.
    pub condition: Option<Spanned<Condition>>,
    /// The share of units that it admits; all if left out.
    pub rollout: Option<Spanned<Percent>>,
    /// The shares that the rollout is meant to go through.
    pub steps: Vec<Spanned<Percent>>,
    /// What it serves; none if that could not be read.
    pub serve: Option<Serve>,
}

impl Rule {
    /// Returns the name under which people refer to the rule at that index of the list, as [`rule_name`] gives it.
    pub fn name_at(&self, rule_index: usize) -> String {
        rule_name(self.name.as_ref().map(|name| name.value.as_str()), rule_index)
    }
}

/// What a rule serves.
#[derive(Debug, Clone)]
pub enum Serve {
    /// One variant.
    Variant(Spanned<String>),
    /// Several, in the order in which they share the buckets.
    Split(Spanned<Vec<Share>>),
}

/// A variant's share of a split.
#[derive(Debug, Clone)]
pub struct Share {
    /// The variant's name.
    pub variant: Spanned<String>,
    /// How much of the units get it.
    pub share: Spanned<Percent>,
}

/// A named condition.
#[derive(Debug, Clone)]
pub struct Segment {
    /// The file's stem.
    pub name: String,
    /// Where it is defined.
    pub file: FileId,
    /// What to point at when something is missing: the file's first key.
    pub start: Span,
    /// Whether all of the file could be read.
    pub whole: Completeness,
    /// Whom it contains; none if that could not be read.
    pub condition: Option<Spanned<Condition>>,
}

/// An emergency stop of one flag in one environment.
#[derive(Debug, Clone)]
pub struct Kill {
    /// The flag's key: the file's stem.
    pub flag: String,
    /// The environment: the file's folder.
    pub environment: String,
    /// Where it is defined.
    pub file: FileId,
    /// What to point at when something is missing: the file's first key.
    pub start: Span,
    /// Why.
    pub reason: Option<Spanned<String>>,
    /// Who.
    pub by: Option<Spanned<String>>,
    /// When, as written.
    pub at: Option<Spanned<String>>,
}

const SERVING: [&str; 7] = ["enabled", "off", "default", "unit", "salt", "requires", "rules"];
const KINDS: [&str; 4] = ["release", "experiment", "ops", "permission"];

/// The first key of a file, to point at the file as a whole.
pub(super) fn start(root: &Node) -> Span {
    root.entries().first().map_or(Span { end: root.span.start, ..root.span }, |entry| entry.key_span)
}

impl Flag {
    pub(super) fn lower(lowering: &mut Lowering, root: &Node, key: &str, file: FileId) -> Self {
        let own = ["description", "kind", "owner", "expires", "tags", "variants", "schema", "environments"];
        let known: Vec<_> = own.iter().chain(&SERVING).copied().collect();
        let fields = lowering.fields(root, &known);
        let base = Serving::lower(lowering, &fields);
        fields.required("off", lowering);
        fields.required("default", lowering);
        let variants = match fields.required("variants", lowering) {
            None => Vec::new(),
            Some(variants) => {
                let entries = lowering.mapping(variants);
                if entries.is_empty() {
                    lowering.misfit::<()>(variants.span, "at least one variant");
                }
                let variant = |entry| {
                    let name = lowering.key(entry)?;
                    let value = &entry.value;
                    match value.value {
                        Value::Null => lowering.misfit(entry.key_span, "a value"),
                        _ => Some(Variant { name, value: value.clone() }),
                    }
                };
                each(entries, variant)
            }
        };
        let environments = fields.get("environments").map_or_else(Vec::new, |environments| {
            let entries = lowering.mapping(environments);
            let environment = |entry| {
                let name = lowering.key(entry)?;
                let fields = lowering.fields(&entry.value, &SERVING);
                Some((name, Serving::lower(lowering, &fields)))
            };
            each(entries, environment)
        });
        let kind = fields.get("kind").and_then(|kind| match kind.as_text() {
            Some(text) if KINDS.contains(&text) => lowering.text(kind),
            _ => lowering.misfit(kind.span, "a kind of flag"),
        });
        let tags = fields.get("tags").map_or_else(Vec::new, |tags| {
            let items = lowering.list(tags);
            lowering.distinct(tags, items);
            each(items, |item| lowering.name(item))
        });
        Self {
            key: key.to_owned(),
            file,
            start: start(root),
            whole: Completeness::Complete,
            description: fields.get("description").and_then(|node| lowering.words(node)),
            kind,
            owner: fields.get("owner").and_then(|node| lowering.words(node)),
            expires: fields.get("expires").and_then(|node| lowering.day(node)),
            tags,
            variants,
            schema: fields.get("schema").and_then(|node| lowering.words(node)),
            base,
            environments,
        }
    }

    /// What holds in an environment: its own fields, and the flag's where it has none.
    pub fn serving(&self, environment: &str) -> Effective<'_> {
        let base = &self.base;
        let own = self.environments.iter().find(|(name, _)| name.value == environment);
        let own = own.map_or(base, |(_, own)| own);
        Effective {
            enabled: own.enabled.as_ref().or(base.enabled.as_ref()),
            off: own.off.as_ref().or(base.off.as_ref()),
            default: own.default.as_ref().or(base.default.as_ref()),
            unit: own.unit.as_ref().or(base.unit.as_ref()),
            salt: own.salt.as_ref().or(base.salt.as_ref()),
            requires: own.requires.as_deref().or(base.requires.as_deref()).unwrap_or_default(),
            rules: own.rules.as_deref().or(base.rules.as_deref()).unwrap_or_default(),
        }
    }

    /// What it is used for.
    pub fn kind_name(&self) -> &str {
        self.kind.as_ref().map_or("release", |kind| kind.value.as_str())
    }

    /// What the flag says anywhere: for all environments, and for single ones.
    pub fn servings(&self) -> impl Iterator<Item = &Serving> {
        std::iter::once(&self.base).chain(self.environments.iter().map(|(_, serving)| serving))
    }
}

impl Serving {
    fn lower(lowering: &mut Lowering, fields: &Fields<'_>) -> Self {
        Self {
            enabled: fields.get("enabled").and_then(|node| lowering.boolean(node)),
            off: fields.get("off").and_then(|node| lowering.name(node)),
            default: fields.get("default").and_then(|node| lowering.name(node)),
            unit: fields.get("unit").and_then(|node| lowering.words(node)),
            salt: fields.get("salt").and_then(|node| lowering.words(node)),
            requires: fields.get("requires").map(|node| lowering.requirements(node)),
            rules: fields.get("rules").map(|node| {
                let items = lowering.list(node);
                items.iter().map(|item| Rule::lower(lowering, item)).collect()
            }),
        }
    }
}

impl Rule {
    fn lower(lowering: &mut Lowering, node: &Node) -> Self {
        let fields = lowering.fields(node, &["name", "description", "if", "rollout", "steps", "serve"]);
        fields.get("description").and_then(|description| lowering.words(description));
        let condition = fields.get("if").and_then(|node| {
            let value = lowering.condition(node)?;
            Some(Spanned { value, span: node.span })
        });
        let steps = fields.get("steps").map_or_else(Vec::new, |steps| {
            let items = lowering.list(steps);
            if items.is_empty() {
                lowering.misfit::<()>(steps.span, "at least one step");
            }
            each(items, |item| lowering.percent(item))
        });
        Self {
            span: node.span,
            name: fields.get("name").and_then(|node| lowering.name(node)),
            condition,
            rollout: fields.get("rollout").and_then(|node| lowering.percent(node)),
            steps,
            serve: fields.required("serve", lowering).and_then(|node| Serve::lower(lowering, node)),
        }
    }
}

impl Serve {
    fn lower(lowering: &mut Lowering, node: &Node) -> Option<Self> {
        let Value::Map(entries) = &node.value else { return lowering.name(node).map(Self::Variant) };
        if entries.is_empty() {
            return lowering.misfit(node.span, "at least one variant");
        }
        let share = |entry| Some(Share { variant: lowering.key(entry)?, share: lowering.percent(&entry.value)? });
        let shares: Option<Vec<_>> = entries.iter().map(share).collect();
        Some(Self::Split(Spanned { value: shares?, span: node.span }))
    }
}

impl Segment {
    pub(super) fn lower(lowering: &mut Lowering, root: &Node, name: &str, file: FileId) -> Self {
        let fields = lowering.fields(root, &["description", "owner", "if"]);
        for field in ["description", "owner"] {
            fields.get(field).and_then(|node| lowering.words(node));
        }
        let condition = fields.required("if", lowering).and_then(|node| {
            let value = lowering.condition(node)?;
            Some(Spanned { value, span: node.span })
        });
        Self { name: name.to_owned(), file, start: start(root), whole: Completeness::Complete, condition }
    }
}

impl Kill {
    pub(super) fn lower(lowering: &mut Lowering, root: &Node, environment: &str, key: &str, file: FileId) -> Self {
        let fields = lowering.fields(root, &["reason", "by", "at"]);
        Self {
            flag: key.to_owned(),
            environment: environment.to_owned(),
            file,
            start: start(root),
            reason: fields.required("reason", lowering).and_then(|node| lowering.words(node)),
            by: fields.get("by").and_then(|node| lowering.words(node)),
            at: fields.get("at").and_then(|node| lowering.moment(node)),
        }
    }
}

impl Lowering {
    fn day(&mut self, node: &Node) -> Option<Spanned<Date>> {
        // The parser would also take a date and time, and drop the time.
        let plain = node.as_text().is_some_and(|text| text.len() == "2000-01-01".len());
        if plain { self.parsed(node, "a date") } else { self.misfit(node.span, "a date") }
    }

    fn moment(&mut self, node: &Node) -> Option<Spanned<String>> {
        match node.as_text().and_then(crate::eval::parse_datetime) {
            Some(_) => self.text(node),
            None => self.misfit(node.span, "a moment"),
        }
    }
}
