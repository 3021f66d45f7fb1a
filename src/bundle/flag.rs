//! One flag of a bundle: its variants, its state and its rules.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::bundle::attribute::AttributeId;
use crate::bundle::bucket::{BUCKETS, Bucket, Bucketer};
use crate::bundle::condition::Condition;
use crate::bundle::id::VariantId;
use crate::bundle::percent::Percent;
use crate::bundle::slot::Slot;

/// The name of the metadata by which a shadow names the flag to which it belongs. No other flag may have it.
#[cfg(feature = "cli")]
pub(crate) const SHADOW_OF: &str = "shadowOf";

/// One flag in one environment.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Flag {
    /// The name with which applications request the flag.
    pub key: Box<str>,
    /// Facts about the flag, which OpenFeature's clients receive as flag metadata. They decide nothing. All values are
    /// strings, numbers or booleans.
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// Whether programs on the devices of users, such as browsers, may receive the flag's decisions.
    pub client: bool,
    /// The values that the flag can serve. The list is never empty.
    pub variants: Vec<Variant>,
    /// The variant that is served if the flag is killed, disabled, or lacks a prerequisite.
    pub off: VariantId,
    /// The variant that is served if no rule matches.
    pub default: VariantId,
    /// Whether the rules decide, or `off` is served to every context.
    pub state: State,
    /// Conditions that must all hold. Otherwise `off` is served. All of them are [`Condition::Flag`].
    pub prerequisites: Vec<Condition>,
    /// The rules in their order. The first rule that matches decides.
    pub rules: Vec<Rule>,
    /// The attribute whose value the rules without a unit of their own hash to a bucket.
    pub unit: AttributeId,
    /// Turns units into buckets, with the flag's salt.
    pub bucketer: Bucketer,
}

impl Flag {
    /// Returns the key of the flag to which this flag belongs, if it is a shadow.
    #[cfg(feature = "cli")]
    pub(crate) fn shadowed(&self) -> Option<&str> {
        self.metadata.get(SHADOW_OF).and_then(serde_json::Value::as_str)
    }

    /// Returns the variant at an index.
    ///
    /// # Panics
    /// Panics if the index is of another flag that has more variants.
    #[allow(clippy::indexing_slicing, reason = "the indices of a bundle are checked when it is made")]
    pub fn variant(&self, id: VariantId) -> &Variant {
        &self.variants[usize::from(id.0)]
    }

    /// Returns the name of the rule at an index: its own name, or its number counted from one, such as `#2`.
    pub fn rule_name(&self, rule_index: usize) -> String {
        rule_name(self.rules.get(rule_index).and_then(|rule| rule.name.as_deref()), rule_index)
    }

    /// Returns the attribute whose value a rule of the flag hashes to a bucket.
    pub fn unit_of(&self, rule: &Rule) -> AttributeId {
        rule.unit.unwrap_or(self.unit)
    }

    /// Returns the attribute whose value the rule at an index hashes to a bucket.
    pub fn unit_at(&self, rule_index: usize) -> AttributeId {
        self.rules.get(rule_index).map_or(self.unit, |rule| self.unit_of(rule))
    }

    /// Returns the attribute by which a kill admits units: that of the rule that decides, or the flag's for the default.
    pub fn deciding_unit(&self, rule_index: Option<usize>) -> AttributeId {
        rule_index.map_or(self.unit, |index| self.unit_at(index))
    }

    /// Returns the attributes whose values the decision hashes. The set is empty if it depends on no bucket.
    ///
    /// A kill that admits a share of the units hashes the unit of whatever decides: a rule or the default.
    pub fn hashed_units(&self) -> BTreeSet<AttributeId> {
        let hashing = self.rules.iter().filter(|rule| self.state.is_half_open() || rule.depends_on_bucket());
        let of_default = self.state.is_half_open().then_some(self.unit);
        hashing.map(|rule| self.unit_of(rule)).chain(of_default).collect()
    }

    /// Returns the attributes whose values the rules hash, or the flag's own unit if no rule depends on a bucket.
    pub fn units(&self) -> BTreeSet<AttributeId> {
        let hashed = self.hashed_units();
        if hashed.is_empty() { BTreeSet::from([self.unit]) } else { hashed }
    }

    /// Iterates over the conditions of the flag: its prerequisites, then the conditions of its rules.
    pub fn conditions(&self) -> impl DoubleEndedIterator<Item = &Condition> {
        self.prerequisites.iter().chain(self.rules.iter().filter_map(|rule| rule.condition.as_ref()))
    }

    /// Iterates over the same conditions as [`Flag::conditions`], for modification.
    pub(crate) fn conditions_mut(&mut self) -> impl Iterator<Item = &mut Condition> {
        self.prerequisites.iter_mut().chain(self.rules.iter_mut().filter_map(|rule| rule.condition.as_mut()))
    }
}

/// Returns the name of a rule in messages: its own name, or its number counted from one, such as `#2`.
pub fn rule_name(name: Option<&str>, rule_index: usize) -> String {
    name.map_or_else(|| format!("#{}", rule_index + 1), str::to_owned)
}

/// Whether the rules of a flag decide, and for which units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum State {
    /// The rules decide.
    Enabled,
    /// The definition contains `enabled: false`: every context gets `off`.
    Disabled,
    /// The flag was killed in an emergency: every context gets `off` until the flag is revived, except those that
    /// `admit` lets through.
    Killed {
        /// The reason, in the words of the person who killed the flag.
        reason: Box<str>,
        /// The person who killed the flag, if it was recorded.
        by: Option<Box<str>>,
        /// The time of the kill in its written form, if it was recorded.
        at: Option<Box<str>>,
        /// The time at which the kill should have ended, if there is one. The kill lasts longer, until it is removed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires: Option<Box<str>>,
        /// The share of units that keep what the flag would serve without the kill. It is less than 100 %, and
        /// [`Percent::ZERO`] for most kills.
        ///
        /// A unit is admitted if its bucket among the rollouts of the flag is below the share. It is the unit of the
        /// rule that decides, or the flag's unit if no rule matches. All other contexts get `off`, also those without
        /// the unit.
        #[serde(default, skip_serializing_if = "is_zero")]
        admit: Percent,
    },
}

impl State {
    /// Returns the share of units for which the rules decide. All units of an enabled flag count, and no unit of a
    /// disabled flag. A killed flag has the share that its kill admits.
    pub fn admits(&self) -> Percent {
        match self {
            Self::Enabled => Percent::ALL,
            Self::Disabled => Percent::ZERO,
            Self::Killed { admit, .. } => *admit,
        }
    }

    /// Returns whether every context gets `off`.
    pub fn is_off(&self) -> bool {
        self.admits() == Percent::ZERO
    }

    /// Returns whether the flag is killed except for a share of its units.
    pub fn is_half_open(&self) -> bool {
        !matches!(self.admits(), Percent::ZERO | Percent::ALL)
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(share: &Percent) -> bool {
    *share == Percent::ZERO
}

/// A named value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Variant {
    /// The name with which rules refer to the variant.
    pub name: Box<str>,
    /// The value that the application gets. It can be any JSON value.
    pub value: serde_json::Value,
}

/// A condition, and the variants that contexts get if it holds.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Rule {
    /// The name of the rule, if its definition has one.
    pub name: Option<Box<str>>,
    /// The condition that a context must satisfy. A rule without a condition matches every context.
    pub condition: Option<Condition>,
    /// The attribute whose value the rule hashes to a bucket, if it is not the flag's.
    pub unit: Option<AttributeId>,
    /// The slot of a layer whose units the rule admits. The next rule is tried for the other units. It hashes the same
    /// attribute as the rule.
    pub slot: Option<Box<Slot>>,
    /// The share of units, of those in the slot if there is one, that the rule admits. The next rule is tried for the
    /// other units.
    pub rollout: Percent,
    /// The variants that an admitted context gets.
    pub serve: Serve,
}

impl Rule {
    /// Returns whether the decision of the rule depends on a bucket: it has a partial slot, a partial rollout or a
    /// split.
    pub fn depends_on_bucket(&self) -> bool {
        let has_partial_rollout = !matches!(self.rollout, Percent::ZERO | Percent::ALL);
        has_partial_rollout || self.partial_slot().is_some() || matches!(self.serve, Serve::Split(_))
    }

    /// Returns the slot of the rule, if the rule has one that does not have all units of its layer.
    pub fn partial_slot(&self) -> Option<&Slot> {
        self.slot.as_deref().filter(|slot| !slot.range.is_all())
    }

    /// Returns whether the rule admits every context that satisfies its condition: its slot and its rollout are full.
    pub fn admits_all(&self) -> bool {
        self.rollout == Percent::ALL && self.partial_slot().is_none()
    }
}

/// The variants that a rule serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Serve {
    /// One variant.
    Variant(VariantId),
    /// Several variants, each with the bucket at which its range ends (exclusive). The last range ends at
    /// [`BUCKETS`].
    Split(Vec<(Bucket, VariantId)>),
}

impl Serve {
    /// Iterates over the variants with the range of buckets that each one gets, in the order of the buckets.
    ///
    /// A single variant gets all buckets. A range of a split is empty if its share is `0%`.
    pub fn ranges(&self) -> impl Iterator<Item = (Range<Bucket>, VariantId)> {
        let (single, ranges) = match self {
            Self::Variant(id) => (Some((0..BUCKETS, *id)), [].as_slice()),
            Self::Split(ranges) => (None, ranges.as_slice()),
        };
        let starts = std::iter::once(0).chain(ranges.iter().map(|(end, _)| *end));
        single.into_iter().chain(starts.zip(ranges).map(|(start, (end, id))| (start..*end, *id)))
    }

    /// Iterates over the variants that get at least one bucket. A variant may occur more than once.
    pub fn variants(&self) -> impl Iterator<Item = VariantId> {
        self.ranges().filter(|(range, _)| !range.is_empty()).map(|(_, id)| id)
    }
}
