//! Flags as flagctl's own JSON. The texts for people are made from these structures.

use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::bundle::{Bundle, Condition, Flag, ListText, Percent, State, Variant};
use crate::diff::Drift;
use crate::model;
use crate::report::Role;
use crate::report::flags::steps::{served, steps};
use crate::report::flags::summary::{serves_off_to_everyone, summary};
use crate::report::history::change::words;
use crate::report::text::killed;

/// Flags and their state in each environment.
#[derive(Debug, Serialize)]
pub struct FlagsJson<'f> {
    /// The version of this structure.
    pub version: u32,
    /// The requested flags.
    pub flags: Vec<FlagJson<'f>>,
}

/// A flag and its state in each environment.
#[derive(Debug, Clone, Serialize)]
pub struct FlagJson<'f> {
    /// The flag's key.
    pub flag: &'f str,
    /// The details that do not depend on the environment.
    #[serde(flatten)]
    pub details: FlagDetailsJson<'f>,
    /// The flag's state in each environment, in the order of promotion.
    pub environments: Vec<FlagStateJson>,
    /// The flags with a prerequisite on this one, in any environment.
    pub dependants: Vec<&'f str>,
    /// The differences between environments, if the command asks for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<Vec<DriftJson>>,
}

/// A difference in structure between two groups of environments.
#[derive(Debug, Clone, Serialize)]
pub struct DriftJson {
    /// The environments that have one structure, in the order of promotion.
    pub from: Vec<String>,
    /// The environments that have the other structure.
    pub to: Vec<String>,
    /// The changes from the first structure to the other, in words.
    pub changes: Vec<String>,
}

impl DriftJson {
    /// Describes a difference.
    pub fn new(drift: Drift) -> Self {
        Self {
            from: drift.from,
            to: drift.to,
            changes: drift.changes.iter().map(|change| words(change, ListText::Shortened)).collect(),
        }
    }
}

/// The details of a flag, which depend on the source of the flag.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum FlagDetailsJson<'f> {
    /// The details of a flag in a flag repository.
    Definition(DefinitionJson<'f>),
    /// The details of a flag in a bundle.
    Compiled(CompiledJson),
}

/// A flag's definition.
#[derive(Debug, Clone, Serialize)]
pub struct DefinitionJson<'f> {
    /// The path of the flag's file, from the flag repository's root.
    pub path: &'f str,
    /// The description, if the definition has a description.
    pub description: Option<&'f str>,
    /// The kind, which is `release` if the definition does not have a kind.
    pub kind: &'f str,
    /// The owner, if the definition has an owner.
    pub owner: Option<&'f str>,
    /// The day after which the flag should be removed, if the definition has such a day.
    pub expires: Option<String>,
    /// The tags, which `flagctl list` can use as a filter.
    pub tags: Vec<&'f str>,
    /// Addresses about the flag.
    pub links: Vec<LinkJson>,
    /// The metadata that applications receive with each decision.
    pub metadata: Map<String, Json>,
    /// Whether programs on the devices of users may receive the flag's decisions.
    pub client: bool,
    /// The text of the file.
    #[serde(skip)]
    pub text: &'f str,
}

/// An address about a flag.
#[derive(Debug, Clone, Serialize)]
pub struct LinkJson {
    /// The title, if the link has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The address.
    pub url: String,
}

impl LinkJson {
    /// Describes the links of a flag.
    pub(crate) fn list(flag: &model::Flag) -> Vec<Self> {
        let link = |link: &model::Link| Self {
            title: link.title.as_ref().map(|title| title.value.clone()),
            url: link.url.value.clone(),
        };
        flag.links.iter().map(link).collect()
    }
}

/// The state of a flag in one environment, with details.
#[derive(Debug, Clone, Serialize)]
pub struct FlagStateJson {
    /// The environment's name.
    pub environment: String,
    /// The state.
    pub state: ServingState,
    /// The role of the state in a text for people: red if everybody gets `off`, and otherwise green.
    #[serde(skip)]
    pub(crate) role: Role,
    /// The state in words. For an enabled flag, this is who gets something else than `off`: `25%`, `on for everyone`.
    pub summary: String,
    /// The reason of the kill, if the flag is killed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The time at which the kill should have ended, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// The share of units that the kill admits, if it admits any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admit: Option<String>,
    /// What the decision to kill was based on, if the kill file says it. A bundle does not have it.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub evidence: Map<String, Json>,
    /// The steps of a decision, in order.
    pub steps: Vec<String>,
}

/// The state of a flag in an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ServingState {
    /// The rules of the flag decide.
    Enabled,
    /// Everyone gets `off`, because the definition has `enabled: false`.
    Disabled,
    /// Everyone gets `off`, because the flag is killed. Units that the kill admits get what the rules serve.
    Killed,
    /// The definition cannot be compiled.
    Invalid,
}

impl ServingState {
    /// Returns the role of the state in a text for people.
    pub(crate) fn role(self) -> Role {
        match self {
            Self::Enabled => Role::Good,
            Self::Disabled | Self::Killed | Self::Invalid => Role::Bad,
        }
    }

    /// Returns the name of the state in JSON and in text.
    pub fn name(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Killed => "killed",
            Self::Invalid => "invalid",
        }
    }
}

impl FlagStateJson {
    /// Returns the state of the flag with this key in the bundle's environment.
    pub fn new(bundle: &Bundle, key: &str) -> Self {
        let environment = bundle.environment.to_string();
        let Some(flag) = bundle.flag(key) else {
            let (state, summary) = (ServingState::Invalid, ServingState::Invalid.name().to_owned());
            return Self {
                environment,
                state,
                role: state.role(),
                summary,
                reason: None,
                expires: None,
                admit: None,
                evidence: Map::new(),
                steps: Vec::new(),
            };
        };
        let (state, reason, expires) = match &flag.state {
            State::Killed { reason, expires, .. } => {
                (ServingState::Killed, Some(reason.to_string()), expires.as_ref().map(|expires| expires.to_string()))
            }
            State::Disabled => (ServingState::Disabled, None, None),
            State::Enabled => (ServingState::Enabled, None, None),
        };
        let expiry = expires.as_ref().map_or(String::new(), |expires| format!(", expires {expires}"));
        let serves_off = format!("serves {}", flag.variant(flag.off).name);
        let (summary, steps) = match &flag.state {
            State::Killed { admit: Percent::ZERO, .. } | State::Disabled => {
                (format!("{}{expiry}", state.name()), vec![serves_off])
            }
            State::Killed { admit, .. } => {
                let outside = format!("kill: {serves_off} outside of {admit} of the units");
                (format!("{}{expiry}", killed(*admit)), steps(bundle, flag).into_iter().chain([outside]).collect())
            }
            State::Enabled => (summary(flag), steps(bundle, flag)),
        };
        let admit = flag.state.is_half_open().then(|| flag.state.admits().to_string());
        let role = if serves_off_to_everyone(flag) { Role::Bad } else { state.role() };
        Self { environment, state, role, summary, reason, expires, admit, evidence: Map::new(), steps }
    }
}

/// A flag, compiled for one environment.
#[derive(Debug, Clone, Serialize)]
pub struct CompiledJson {
    /// The metadata that applications receive with each decision.
    pub metadata: Map<String, Json>,
    /// Whether programs on the devices of users may receive the flag's decisions.
    pub client: bool,
    /// All variants.
    pub variants: Vec<VariantJson>,
    /// The variant that is served if the flag is killed, disabled or lacks a prerequisite.
    pub off: String,
    /// The variant that is served if no rule matches.
    pub default: String,
    /// The attribute whose value is hashed to find the bucket.
    pub unit: String,
    /// The salt that is hashed together with the attribute's value.
    pub salt: String,
    /// The prerequisites. All of them must hold.
    pub requires: Vec<PrerequisiteJson>,
    /// The rules, in the order of their evaluation.
    pub rules: Vec<RuleJson>,
}

/// A variant.
#[derive(Debug, Clone, Serialize)]
pub struct VariantJson {
    /// The name of the variant in rules.
    pub name: String,
    /// The value that applications receive.
    pub value: Json,
}

/// A prerequisite.
#[derive(Debug, Clone, Serialize)]
pub struct PrerequisiteJson {
    /// The key of the required flag.
    pub flag: String,
    /// The variants that satisfy the prerequisite.
    pub variants: Vec<String>,
}

/// A rule.
#[derive(Debug, Clone, Serialize)]
pub struct RuleJson {
    /// The rule's name, or its number, which starts at one: `#2`.
    pub rule: String,
    /// The condition in words, or `None` for a rule that matches everyone.
    pub condition: Option<String>,
    /// The condition in words, with shortened lists.
    #[serde(skip)]
    pub summary: Option<String>,
    /// The attribute whose value the rule hashes, if it is not the unit of the flag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The slot of a layer whose units the rule admits, such as `checkout/new-cart 0%..20%`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    /// The share of units that the rule admits.
    pub rollout: String,
    /// The variants that the rule serves to matching contexts: `25% → on`.
    pub serves: String,
}

impl CompiledJson {
    /// Returns the parts of a flag of the bundle.
    pub fn new(bundle: &Bundle, flag: &Flag) -> Self {
        let required = |condition: &Condition| match condition {
            Condition::Flag { key, variants } => {
                let required = bundle.flag_at(*key);
                let variants = variants.iter().map(|id| required.variant(*id).name.to_string()).collect();
                Some(PrerequisiteJson { flag: required.key.to_string(), variants })
            }
            // The compiler turns every prerequisite into a condition on one flag.
            Condition::All(_) | Condition::Any(_) | Condition::Not(_) | Condition::Segment(_) | Condition::Test(_) => {
                None
            }
        };
        let rules = flag.rules.iter().enumerate().map(|(index, rule)| RuleJson {
            rule: flag.rule_name(index),
            condition: rule.condition.as_ref().map(|condition| bundle.describe(condition)),
            summary: rule.condition.as_ref().map(|condition| bundle.summarize(condition)),
            unit: rule.unit.map(|unit| bundle.attributes.name(unit).to_owned()),
            slot: rule.slot.as_ref().map(ToString::to_string),
            rollout: rule.rollout.to_string(),
            serves: served(flag, rule),
        });
        let variant = |variant: &Variant| VariantJson { name: variant.name.to_string(), value: variant.value.clone() };
        Self {
            metadata: flag.metadata.clone(),
            client: flag.client,
            variants: flag.variants.iter().map(variant).collect(),
            off: flag.variant(flag.off).name.to_string(),
            default: flag.variant(flag.default).name.to_string(),
            unit: bundle.attributes.get(flag.unit).map_or(String::new(), |attribute| attribute.name.to_string()),
            salt: flag.bucketer.salt().to_owned(),
            requires: flag.prerequisites.iter().filter_map(required).collect(),
            rules: rules.collect(),
        }
    }
}
