//! Flags in written form, and their fields in one environment.

use jiff::civil::Date;

use crate::model::condition::Requirement;
use crate::model::environment_names::EnvironmentNames;
use crate::model::experiment::Experiment;
use crate::model::guard::Guard;
use crate::model::kind::DEFAULT_KIND;
use crate::model::lower::first_key;
use crate::model::lower::{Fields, Lowering, read_all};
use crate::model::rule::{EffectiveRule, Rule, RuleFields};
use crate::model::shadow::{Shadow, Shadowed};
use crate::snapshot::{FileId, Span, Spanned};
use crate::yaml::{Completeness, Entry, Node, Value};

/// A flag as it is written in its file, for all environments.
#[derive(Debug, Clone)]
pub struct Flag {
    /// The key: the stem of the file.
    pub key: String,
    /// The file.
    pub file: FileId,
    /// The first key of the file, to which diagnostics about a missing key point.
    pub start: Span,
    /// Whether everything in the file could be read. If not, the file may contain fields that are missing from this
    /// value.
    pub completeness: Completeness,
    /// The purpose of the flag, as a sentence.
    pub description: Option<Spanned<String>>,
    /// The name of the kind. The default is [`DEFAULT_KIND`].
    pub kind: Option<Spanned<String>>,
    /// The person or team that is responsible for the flag.
    pub owner: Option<Spanned<String>>,
    /// The day after which the flag should be removed.
    pub expires: Option<Spanned<Date>>,
    /// Tags by which `flagctl list` selects flags.
    pub tags: Vec<Spanned<String>>,
    /// Addresses about the flag, such as that of its issue, in the order of the file.
    pub links: Vec<Link>,
    /// Facts about the flag that applications receive with each decision, in the order of the file.
    pub metadata: Vec<(Spanned<String>, Node)>,
    /// Whether programs on the devices of users, such as browsers, may receive the flag's decisions. The default is
    /// false.
    pub client: Option<Spanned<bool>>,
    /// Whether a kill of the flag needs a review, because its `off` is risky. The default is [`KillReview::None`].
    pub kills: KillReview,
    /// The variants, in the order of the file.
    pub variants: Vec<Variant>,
    /// The key of the mapping of variants.
    pub variants_key: Option<Span>,
    /// The JSON Schema that the value of each variant must satisfy, as a path from the root of the repository.
    pub schema: Option<Spanned<String>>,
    /// Which metrics stop the rollout of the flag, and how. It decides nothing.
    pub guard: Option<Box<Guard>>,
    /// Which requests also run a candidate in the dark. It decides nothing about this flag; see
    /// [`shadow_flag`](crate::model::shadow_flag).
    pub shadow: Option<Box<Shadow>>,
    /// If this is the flag of a shadow, the flag to which it belongs.
    pub shadowed: Option<Shadowed>,
    /// Which arms an experiment compares, and in which metrics. It decides nothing.
    pub experiment: Option<Box<Experiment>>,
    /// The fields for all environments.
    pub base: Serving,
    /// The fields that replace the base fields in single environments or groups of environments.
    pub environments: Vec<(Spanned<String>, Serving)>,
}

/// Whether a kill of a flag needs a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KillReview {
    /// A kill is proven by `verify-kill` alone.
    #[default]
    None,
    /// `verify-kill` does not accept a kill of the flag, so it takes the way of other changes.
    Required,
}

/// An address about a flag, for people.
#[derive(Debug, Clone)]
pub struct Link {
    /// The title, if the link has one.
    pub title: Option<Spanned<String>>,
    /// The address, which begins with `https://` or `http://`.
    pub url: Spanned<String>,
}

/// A named value.
#[derive(Debug, Clone)]
pub struct Variant {
    /// The name with which rules refer to the variant.
    pub name: Spanned<String>,
    /// The value that applications get.
    pub value: Node,
}

/// The fields of a flag that an environment can replace, each separately.
#[derive(Debug, Clone, Default)]
pub struct Serving {
    /// Whether rules and the default apply. A disabled flag serves `off`.
    pub enabled: Option<Spanned<bool>>,
    /// The variant that is served while the flag is disabled or killed.
    pub off: Option<Spanned<String>>,
    /// The variant that is served if no rule matches.
    pub default: Option<Spanned<String>>,
    /// The attribute whose value determines the bucket in rules without a unit of their own.
    pub unit: Option<Spanned<String>>,
    /// The salt of the hash. Flags with different salts have independent buckets.
    pub salt: Option<Spanned<String>>,
    /// The prerequisites: other flags and their accepted variants.
    pub requires: Option<Vec<Requirement>>,
    /// The rules, in the order in which they are tried.
    pub rules: Option<Vec<Rule>>,
}

/// The fields of [`Serving`] that apply in one environment.
#[derive(Debug, Clone)]
pub struct EffectiveServing<'f> {
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
    /// The rules of [`Serving::rules`] that are enabled in the environment.
    pub rules: Vec<EffectiveRule<'f>>,
}

/// The names of metadata with which flagctl describes the cause of a decision, in its own JSON and in flagd's.
const RESERVED_METADATA: [&str; 10] =
    ["at", "by", "cause", "disabled", "flag", "killedAt", "killedBy", "reason", "shadowOf", "withoutUnit"];

const SERVING: [&str; 7] = ["enabled", "off", "default", "unit", "salt", "requires", "rules"];

impl Flag {
    pub(super) fn lower(lowering: &mut Lowering, root: &Node, key: &str, file: FileId) -> Self {
        let own = [
            "description",
            "kind",
            "owner",
            "expires",
            "tags",
            "links",
            "metadata",
            "client",
            "kills",
            "variants",
            "schema",
            "guard",
            "shadow",
            "experiment",
            "environments",
        ];
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
                    lowering.misfit::<()>(variants.span, "a mapping from names to values");
                }
                let variant = |entry| {
                    let name = lowering.variant_key(entry)?;
                    let value = &entry.value;
                    match value.value {
                        Value::Null => lowering.misfit(entry.key_span, "a value"),
                        _ => Some(Variant { name, value: value.clone() }),
                    }
                };
                read_all(entries, variant)
            }
        };
        let environments = fields.get("environments").map_or_else(Vec::new, |environments| {
            let entries = lowering.mapping(environments);
            let environment = |entry| {
                let name = lowering.key(entry)?;
                let fields = lowering.fields(&entry.value, &SERVING);
                Some((name, Serving::lower(lowering, &fields)))
            };
            read_all(entries, environment)
        });
        let kind = fields.get("kind").and_then(|node| lowering.name(node));
        let links = fields.get("links").map_or(&[][..], |node| lowering.list(node));
        let links = read_all(links, |node| Link::lower(lowering, node));
        let tags = fields.get("tags").map_or_else(Vec::new, |node| lowering.distinct_list(node, Lowering::name));
        let reviews = [("review", KillReview::Required)];
        let kills = fields.get("kills").and_then(|node| lowering.choice(node, &reviews, "`review`"));
        let metadata = fields.get("metadata").map_or(&[][..], |metadata| lowering.nonempty_mapping(metadata));
        let fact = |entry: &Entry| match &entry.value.value {
            _ if RESERVED_METADATA.contains(&entry.key.as_str()) => {
                lowering.misfit(entry.key_span, "a name that flagctl does not set itself")
            }
            Value::Boolean(_) | Value::Number(..) | Value::Text(_) => Some((lowering.key(entry)?, entry.value.clone())),
            Value::Null | Value::List(_) | Value::Map(_) => {
                lowering.misfit(entry.value.span, "a string, a number or a boolean")
            }
        };
        let metadata = read_all(metadata, fact);
        Self {
            key: key.to_owned(),
            file,
            start: first_key(root),
            completeness: Completeness::Complete,
            description: fields.get("description").and_then(|node| lowering.nonempty_text(node)),
            kind,
            owner: fields.get("owner").and_then(|node| lowering.nonempty_text(node)),
            expires: fields.get("expires").and_then(|node| date(lowering, node)),
            tags,
            links,
            metadata,
            client: fields.get("client").and_then(|node| lowering.boolean(node)),
            kills: kills.map_or_else(KillReview::default, |kills| kills.value),
            variants,
            variants_key: root.entry("variants").map(|entry| entry.key_span),
            schema: fields.get("schema").and_then(|node| lowering.nonempty_text(node)),
            guard: fields.get("guard").map(|node| Box::new(Guard::lower(lowering, node))),
            shadow: fields.get("shadow").map(|node| Box::new(Shadow::lower(lowering, node))),
            shadowed: None,
            experiment: fields.get("experiment").map(|node| Box::new(Experiment::lower(lowering, node))),
            base,
            environments,
        }
    }

    /// Returns the fields that apply in an environment. Each field is the environment's own field, the field of a group
    /// that contains the environment, or the field for all environments.
    pub fn serving(&self, names: &EnvironmentNames<'_>) -> EffectiveServing<'_> {
        let own: Vec<&Serving> = names.entries(&self.environments).map(|(_, serving)| serving).collect();
        fn first<'f, T>(own: &[&'f Serving], base: &'f Serving, field: impl Fn(&'f Serving) -> Option<T>) -> Option<T> {
            own.iter().copied().find_map(&field).or_else(|| field(base))
        }
        let (own, base) = (&own, &self.base);
        let rules = self.rule_list(names).1.iter().enumerate();
        let rules = rules.map(|(index, rule)| rule.effective(index, names)).filter(EffectiveRule::is_enabled);
        EffectiveServing {
            enabled: first(own, base, |serving| serving.enabled.as_ref()),
            off: first(own, base, |serving| serving.off.as_ref()),
            default: first(own, base, |serving| serving.default.as_ref()),
            unit: first(own, base, |serving| serving.unit.as_ref()),
            salt: first(own, base, |serving| serving.salt.as_ref()),
            requires: first(own, base, |serving| serving.requires.as_deref()).unwrap_or_default(),
            rules: rules.collect(),
        }
    }

    /// Returns the list of rules that applies in an environment, and the name of the environment or group to which the
    /// list belongs. The list for all environments belongs to none.
    pub fn rule_list(&self, names: &EnvironmentNames<'_>) -> (Option<&Spanned<String>>, &[Rule]) {
        let own = names.entries(&self.environments).find_map(|(name, serving)| Some((name, serving.rules.as_deref()?)));
        match own {
            Some((name, rules)) => (Some(name), rules),
            None => (None, self.base.rules.as_deref().unwrap_or_default()),
        }
    }

    /// Returns the name of the kind, or that of the default kind if the file does not specify it.
    pub fn kind(&self) -> &str {
        self.kind.as_ref().map_or(DEFAULT_KIND, |kind| &kind.value)
    }

    /// Iterates over the fields for all environments and the fields of each environment.
    pub fn servings(&self) -> impl Iterator<Item = &Serving> {
        std::iter::once(&self.base).chain(self.environments.iter().map(|(_, serving)| serving))
    }

    /// Iterates over the rules of all lists.
    pub fn all_rules(&self) -> impl Iterator<Item = &Rule> {
        self.servings().flat_map(|serving| serving.rules.iter().flatten())
    }

    /// Iterates over the fields of all rules, for all environments and for each environment.
    pub fn rule_fields(&self) -> impl Iterator<Item = &RuleFields> {
        self.all_rules().flat_map(Rule::fields)
    }
}

impl Link {
    fn lower(lowering: &mut Lowering, node: &Node) -> Option<Self> {
        let (title, url) = match &node.value {
            Value::Map(_) => {
                let fields = lowering.fields(node, &["title", "url"]);
                let title = fields.get("title").and_then(|title| lowering.nonempty_text(title));
                (title, fields.required("url", lowering)?)
            }
            _ => (None, node),
        };
        let address = lowering.text(url)?;
        if !is_web_address(&address.value) {
            return lowering.misfit(url.span, "an address that begins with `https://` or `http://`");
        }
        Some(Self { title, url: address })
    }
}

/// Returns whether a text is an address of the web, without white space.
fn is_web_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic()))
}

impl Serving {
    fn lower(lowering: &mut Lowering, fields: &Fields<'_>) -> Self {
        Self {
            enabled: fields.get("enabled").and_then(|node| lowering.boolean(node)),
            off: fields.get("off").and_then(|node| lowering.variant(node)),
            default: fields.get("default").and_then(|node| lowering.variant(node)),
            unit: fields.get("unit").and_then(|node| lowering.nonempty_text(node)),
            salt: fields.get("salt").and_then(|node| lowering.nonempty_text(node)),
            requires: fields.get("requires").map(|node| lowering.requirements(node)),
            rules: fields.get("rules").map(|node| {
                let items = lowering.list(node);
                items.iter().map(|item| Rule::lower(lowering, item)).collect()
            }),
        }
    }
}

fn date(lowering: &mut Lowering, node: &Node) -> Option<Spanned<Date>> {
    const TITLE: &str = "a date such as `2027-03-31`";
    // The parser would also accept a date with a time, and ignore the time.
    let has_length_of_date = node.as_text().is_some_and(|text| text.len() == "2000-01-01".len());
    if has_length_of_date { lowering.parse(node, TITLE) } else { lowering.misfit(node.span, TITLE) }
}
