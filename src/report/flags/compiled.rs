//! What a bundle says of a flag, where there is no definition to show.

use serde::Serialize;
use serde_json::Value as Json;

use crate::bundle::{Bundle, Condition, Flag};
use crate::report::flags::human::served;

/// A flag as it was compiled for one environment.
#[derive(Debug, Clone, Serialize)]
pub struct CompiledJson {
    /// All that it can serve.
    pub variants: Vec<VariantJson>,
    /// The variant that is served when it is killed, disabled or lacks a prerequisite.
    pub off: String,
    /// The variant that is served when no rule matches.
    pub default: String,
    /// The attribute that is bucketed.
    pub unit: String,
    /// What its buckets are made from.
    pub salt: String,
    /// All of them must hold.
    pub requires: Vec<RequiredJson>,
    /// In the order in which they are asked.
    pub rules: Vec<RuleJson>,
}

/// A named value.
#[derive(Debug, Clone, Serialize)]
pub struct VariantJson {
    /// What rules serve it by.
    pub name: String,
    /// What applications get.
    pub value: Json,
}

/// A prerequisite.
#[derive(Debug, Clone, Serialize)]
pub struct RequiredJson {
    /// The other flag.
    pub flag: String,
    /// It must serve one of these.
    pub variants: Vec<String>,
}

/// A rule.
#[derive(Debug, Clone, Serialize)]
pub struct RuleJson {
    /// Its name, or its place counted from one: `#2`.
    pub rule: String,
    /// Whom it is for, in words, in which long lists are cut; none for everyone.
    pub condition: Option<String>,
    /// The share of units that it admits.
    pub rollout: String,
    /// What it gives to whom it matches: `25% → on`.
    pub serves: String,
}

/// One of a bundle's flags.
pub fn compiled(bundle: &Bundle, flag: &Flag) -> CompiledJson {
    let required = |condition: &Condition| match condition {
        Condition::Flag { key, variants } => {
            let other = bundle.flag_at(*key);
            let variants = variants.iter().map(|id| other.variant(*id).name.to_string()).collect();
            Some(RequiredJson { flag: other.key.to_string(), variants })
        }
        _ => None,
    };
    let rules = flag.rules.iter().enumerate().map(|(at, rule)| RuleJson {
        rule: flag.rule_name(at),
        condition: rule.condition.as_ref().map(|condition| bundle.words(condition)),
        rollout: rule.rollout.to_string(),
        serves: served(flag, rule),
    });
    let variant = |one: &crate::bundle::Variant| VariantJson { name: one.name.to_string(), value: one.value.clone() };
    CompiledJson {
        variants: flag.variants.iter().map(variant).collect(),
        off: flag.variant(flag.off).name.to_string(),
        default: flag.variant(flag.default).name.to_string(),
        unit: bundle.attributes.get(flag.unit).map_or(String::new(), |attribute| attribute.name.to_string()),
        salt: flag.bucketer.salt().to_owned(),
        requires: flag.prerequisites.iter().filter_map(required).collect(),
        rules: rules.collect(),
    }
}

/// A line for each thing that can be said.
pub(crate) fn lines(compiled: &CompiledJson, key: &str) -> Vec<String> {
    let variants = compiled.variants.iter().map(|variant| format!("{} = {}", variant.name, variant.value));
    let mut lines = vec![format!("variants: {}", variants.collect::<Vec<_>>().join(", "))];
    lines.push(format!("off: {}", compiled.off));
    lines.push(format!("unit: {}", compiled.unit));
    if compiled.salt != key {
        lines.push(format!("salt: {}", compiled.salt));
    }
    lines.extend(compiled.requires.iter().map(|one| format!("requires {} {}", one.flag, one.variants.join(" or "))));
    lines.extend(compiled.rules.iter().map(|RuleJson { rule, condition, serves, .. }| {
        let wheres = condition.as_ref().map_or(String::new(), |condition| format!(" where {condition}"));
        format!("rule {rule}: {serves}{wheres}")
    }));
    lines.push(format!("default: {}", compiled.default));
    lines
}
