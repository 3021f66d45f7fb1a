//! The rules of a flag in written form, and their fields in one environment.

use crate::bundle::{Percent, rule_name};
use crate::model::condition::Condition;
use crate::model::environment_names::EnvironmentNames;
use crate::model::lower::{Fields, Lowering, read_all};
use crate::model::slot::SlotName;
use crate::snapshot::{Span, Spanned};
use crate::yaml::{Node, Value};

/// A condition and the variants that it serves.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The rule with all its fields.
    pub span: Span,
    /// The name of the rule.
    pub name: Option<Spanned<String>>,
    /// The attribute whose value determines the bucket in this rule. Without it, the flag's unit does.
    pub unit: Option<Spanned<String>>,
    /// The slot of a layer whose units the rule admits. Without it, layers do not matter to the rule.
    pub slot: Option<Spanned<SlotName>>,
    /// The fields for all environments.
    pub base: RuleFields,
    /// The fields that replace the base fields in single environments or groups of environments.
    pub environments: Vec<(Spanned<String>, RuleFields)>,
}

/// The fields of a rule that an environment can replace, each separately.
#[derive(Debug, Clone, Default)]
pub struct RuleFields {
    /// Whether the flag has the rule.
    pub enabled: Option<Spanned<bool>>,
    /// The condition that contexts must satisfy. Without a condition, the rule matches every context.
    pub condition: Option<Spanned<Condition>>,
    /// The share of units that the rule admits. Without it, the rule admits all units.
    pub rollout: Option<Spanned<Percent>>,
    /// The planned shares of the rollout, in ascending order.
    pub steps: Option<Vec<Spanned<Percent>>>,
    /// The variants that the rule serves, or `None` if the part is missing or could not be read.
    pub serve: Option<Serve>,
}

/// The fields of a [`Rule`] that apply in one environment.
#[derive(Debug, Clone, Copy)]
pub struct EffectiveRule<'f> {
    /// The rule with the fields for all environments.
    pub written: &'f Rule,
    /// The index of the rule in the written list, which also has the rules that are not enabled.
    pub written_index: usize,
    /// [`RuleFields::enabled`]
    pub enabled: Option<&'f Spanned<bool>>,
    /// [`RuleFields::condition`]
    pub condition: Option<&'f Spanned<Condition>>,
    /// [`RuleFields::rollout`]
    pub rollout: Option<&'f Spanned<Percent>>,
    /// [`RuleFields::steps`]
    pub steps: &'f [Spanned<Percent>],
    /// [`RuleFields::serve`]
    pub serve: Option<&'f Serve>,
}

/// The variants that a rule serves.
#[derive(Debug, Clone)]
pub enum Serve {
    /// One variant.
    Variant(Spanned<String>),
    /// Several variants, in the order of their ranges of buckets.
    Split(Spanned<Vec<Share>>),
}

/// The share of one variant in a split.
#[derive(Debug, Clone)]
pub struct Share {
    /// The name of the variant.
    pub variant: Spanned<String>,
    /// The share of units that get the variant.
    pub share: Spanned<Percent>,
}

impl Rule {
    /// Returns the result of [`rule_name`] for the rule, which has the index `rule_index` in its list.
    pub fn name_at(&self, rule_index: usize) -> String {
        rule_name(self.name.as_ref().map(|name| name.value.as_str()), rule_index)
    }

    /// Iterates over the fields for all environments and the fields of each environment.
    pub fn fields(&self) -> impl Iterator<Item = &RuleFields> {
        std::iter::once(&self.base).chain(self.environments.iter().map(|(_, fields)| fields))
    }

    /// Returns the fields that apply in an environment, also if the rule is not enabled there.
    pub fn effective(&self, written_index: usize, names: &EnvironmentNames<'_>) -> EffectiveRule<'_> {
        let own: Vec<&RuleFields> = names.entries(&self.environments).map(|(_, fields)| fields).collect();
        fn first<'f, T>(
            own: &[&'f RuleFields],
            base: &'f RuleFields,
            field: impl Fn(&'f RuleFields) -> Option<T>,
        ) -> Option<T> {
            own.iter().copied().find_map(&field).or_else(|| field(base))
        }
        let (own, base) = (&own, &self.base);
        EffectiveRule {
            written: self,
            written_index,
            enabled: first(own, base, |fields| fields.enabled.as_ref()),
            condition: first(own, base, |fields| fields.condition.as_ref()),
            rollout: first(own, base, |fields| fields.rollout.as_ref()),
            steps: first(own, base, |fields| fields.steps.as_deref()).unwrap_or_default(),
            serve: first(own, base, |fields| fields.serve.as_ref()),
        }
    }

    pub(super) fn lower(lowering: &mut Lowering, node: &Node) -> Self {
        let own = ["name", "description", "unit", "slot", "environments"];
        let known: Vec<_> = own.iter().chain(&FIELDS).copied().collect();
        let fields = lowering.fields(node, &known);
        fields.get("description").and_then(|description| lowering.nonempty_text(description));
        let base = RuleFields::lower(lowering, &fields);
        fields.required("serve", lowering);
        let environments = fields.get("environments").map_or_else(Vec::new, |environments| {
            let entries = lowering.mapping(environments);
            read_all(entries, |entry| {
                let name = lowering.key(entry)?;
                let fields = lowering.fields(&entry.value, &FIELDS);
                Some((name, RuleFields::lower(lowering, &fields)))
            })
        });
        Self {
            span: node.span,
            name: fields.get("name").and_then(|node| lowering.name(node)),
            unit: fields.get("unit").and_then(|node| lowering.nonempty_text(node)),
            slot: fields.get("slot").and_then(|node| lowering.parse(node, SLOT)),
            base,
            environments,
        }
    }
}

impl EffectiveRule<'_> {
    /// Returns the name of the rule, or its number in the written list.
    pub fn name(&self) -> String {
        self.written.name_at(self.written_index)
    }

    /// Returns whether the flag has the rule in the environment.
    pub fn is_enabled(&self) -> bool {
        self.enabled.is_none_or(|enabled| enabled.value)
    }

    /// Returns the share of units that the rule admits.
    pub fn share(&self) -> Percent {
        self.rollout.map_or(Percent::ALL, |rollout| rollout.value)
    }

    /// Returns whether two rules are one rule with the same fields, by their addresses.
    pub fn is_same(&self, other: &Self) -> bool {
        fn same<T>(left: Option<&T>, right: Option<&T>) -> bool {
            left.map(std::ptr::from_ref) == right.map(std::ptr::from_ref)
        }
        std::ptr::eq(self.written, other.written)
            && same(self.condition, other.condition)
            && same(self.rollout, other.rollout)
            && same(self.serve, other.serve)
    }
}

const SLOT: &str = "a layer and one of its slots, such as `checkout/new-cart`";
const FIELDS: [&str; 5] = ["enabled", "if", "rollout", "steps", "serve"];

impl RuleFields {
    fn lower(lowering: &mut Lowering, fields: &Fields<'_>) -> Self {
        let condition = fields.get("if").and_then(|node| {
            let value = lowering.condition(node)?;
            Some(Spanned { value, span: node.span })
        });
        let steps = fields.get("steps").map(|steps| {
            let items = lowering.list(steps);
            if items.is_empty() {
                lowering.misfit::<()>(steps.span, "a list of percentages");
            }
            read_all(items, |item| lowering.percent(item))
        });
        Self {
            enabled: fields.get("enabled").and_then(|node| lowering.boolean(node)),
            condition,
            rollout: fields.get("rollout").and_then(|node| lowering.percent(node)),
            steps,
            serve: fields.get("serve").and_then(|node| Serve::lower(lowering, node)),
        }
    }
}

impl Serve {
    /// Returns the position of the variant or of the split.
    pub fn span(&self) -> Span {
        match self {
            Self::Variant(variant) => variant.span,
            Self::Split(shares) => shares.span,
        }
    }

    fn lower(lowering: &mut Lowering, node: &Node) -> Option<Self> {
        let Value::Map(entries) = &node.value else { return lowering.variant(node).map(Self::Variant) };
        if entries.is_empty() {
            return lowering.misfit(node.span, "a variant's name, or a mapping from variants to percentages");
        }
        let share =
            |entry| Some(Share { variant: lowering.variant_key(entry)?, share: lowering.percent(&entry.value)? });
        let shares: Option<Vec<_>> = entries.iter().map(share).collect();
        Some(Self::Split(Spanned { value: shares?, span: node.span }))
    }
}
