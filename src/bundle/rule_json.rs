//! The JSON of a rule in a bundle.

use serde::{Deserialize, Serialize};

use crate::bundle::attribute::AttributeId;
use crate::bundle::bucket::Bucketing;
use crate::bundle::condition::Condition;
use crate::bundle::flag::{Rule, Serve};
use crate::bundle::percent::Percent;
use crate::bundle::percent_range::PercentRange;
use crate::bundle::slot::Slot;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleJson {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<Box<str>>,
    #[serde(default, rename = "if", skip_serializing_if = "Option::is_none")]
    condition: Option<Condition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit: Option<AttributeId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    slot: Option<SlotJson>,
    rollout: Percent,
    serve: Serve,
}

/// A slot, with the salt of its layer and its half-open range, in buckets.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SlotJson {
    layer: Box<str>,
    name: Box<str>,
    salt: Box<str>,
    range: PercentRange,
}

impl From<&Rule> for RuleJson {
    fn from(rule: &Rule) -> Self {
        Self {
            name: rule.name.clone(),
            condition: rule.condition.clone(),
            unit: rule.unit,
            slot: rule.slot.as_deref().map(|slot| SlotJson {
                layer: slot.layer.clone(),
                name: slot.name.clone(),
                salt: slot.bucketer.salt().into(),
                range: slot.range,
            }),
            rollout: rule.rollout,
            serve: rule.serve.clone(),
        }
    }
}

impl RuleJson {
    /// Creates the rule, and prepares the hash function of its slot.
    pub(super) fn prepare(self, bucketing: Bucketing) -> Rule {
        let prepare = |slot: SlotJson| Slot::new(&slot.layer, &slot.name, slot.range, bucketing, &slot.salt);
        Rule {
            name: self.name,
            condition: self.condition,
            unit: self.unit,
            slot: self.slot.map(|slot| Box::new(prepare(slot))),
            rollout: self.rollout,
            serve: self.serve,
        }
    }
}
