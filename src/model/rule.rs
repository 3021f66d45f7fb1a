//! The rules of a flag in written form.

use crate::bundle::{Percent, rule_name};
use crate::model::condition::Condition;
use crate::model::lower::{Lowering, read_all};
use crate::snapshot::{Span, Spanned};
use crate::yaml::{Node, Value};

/// A condition and the variants that it serves.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The rule with all its fields.
    pub span: Span,
    /// The name of the rule.
    pub name: Option<Spanned<String>>,
    /// The condition that contexts must satisfy. Without a condition, the rule matches every context.
    pub condition: Option<Spanned<Condition>>,
    /// The share of units that the rule admits. Without it, the rule admits all units.
    pub rollout: Option<Spanned<Percent>>,
    /// The planned shares of the rollout, in ascending order.
    pub steps: Vec<Spanned<Percent>>,
    /// The variants that the rule serves, or `None` if the part could not be read.
    pub serve: Option<Serve>,
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

    pub(super) fn lower(lowering: &mut Lowering, node: &Node) -> Self {
        let fields = lowering.fields(node, &["name", "description", "if", "rollout", "steps", "serve"]);
        fields.get("description").and_then(|description| lowering.nonempty_text(description));
        let condition = fields.get("if").and_then(|node| {
            let value = lowering.condition(node)?;
            Some(Spanned { value, span: node.span })
        });
        let steps = fields.get("steps").map_or_else(Vec::new, |steps| {
            let items = lowering.list(steps);
            if items.is_empty() {
                lowering.misfit::<()>(steps.span, "a list of percentages");
            }
            read_all(items, |item| lowering.percent(item))
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
