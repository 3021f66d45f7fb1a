//! `optional-unit`: a rollout or split by a unit that may be missing from a context.

use jiff::Timestamp;

use crate::bundle::{BUCKETS, TARGETING_KEY, Type};
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{AttributeDeclaration, Condition, EffectiveRule, EffectiveServing, Operator, Project, Serve};
use crate::yaml::Value;

pub(super) fn check(project: &Project, _: Timestamp, diagnostics: &mut Diagnostics) {
    for flag in project.complete_flags() {
        for environment in &project.settings.environments {
            let names = project.settings.names_of(&environment.value);
            check_serving(project, &flag.serving(&names), diagnostics);
        }
    }
}

fn check_serving(project: &Project, serving: &EffectiveServing<'_>, diagnostics: &mut Diagnostics) {
    for rule in &serving.rules {
        let Some(unit) = rule.written.unit.as_ref().or(serving.unit) else { continue };
        let declared = project.settings.attributes.iter().find(|attribute| attribute.name.value == unit.value);
        // A unit that is not a string, or not that of the layer, is an error, which is reported alone.
        let is_reported = |declared: &AttributeDeclaration| declared.required || declared.kind != Type::String;
        let slot = rule.written.slot.as_ref().and_then(|slot| project.slot(&slot.value));
        let is_unfit = slot.is_some_and(|(layer, _)| layer.unit() != unit.value);
        if unit.value == TARGETING_KEY || declared.is_none_or(is_reported) || is_unfit {
            continue;
        }
        let requires_unit = rule.condition.is_some_and(|condition| requires(project, &condition.value, &unit.value));
        if uses_buckets(rule) && !requires_unit {
            let span = rule.rollout.map(|rollout| rollout.span);
            let span = span.or_else(|| rule.written.slot.as_ref().map(|slot| slot.span)).unwrap_or(rule.written.span);
            let message = format!("a context without `{}` has no bucket in this rule", unit.value);
            diagnostics.push(Diagnostic::new(Code::OptionalUnit, span, message).related(unit.span, "the unit is set here").help(
                format!(
                    "declare it with `required: true` if every context has it, or add `{}: {{exists: true}}` to the rule",
                    unit.value
                ),
            ));
        }
    }
}

/// Returns whether the result for contexts that satisfy the condition depends on their bucket.
fn uses_buckets(rule: &EffectiveRule<'_>) -> bool {
    let partial = |share: u32| share != 0 && share != BUCKETS;
    rule.written.slot.is_some()
        || rule.rollout.is_some_and(|rollout| partial(rollout.value.buckets()))
        || matches!(rule.serve, Some(Serve::Split(shares))
            if shares.value.iter().any(|share| partial(share.share.value.buckets())))
}

/// Returns whether only contexts with the attribute satisfy the condition.
fn requires(project: &Project, condition: &Condition, attribute: &str) -> bool {
    let requires = |condition: &Condition| requires(project, condition, attribute);
    match condition {
        Condition::All(inner) => inner.iter().any(requires),
        Condition::Any(inner) => inner.iter().all(requires),
        // A test of a missing attribute is unknown, and so is its negation. Only `exists` is known.
        Condition::Not(inner) => matches!(inner.as_ref(), Condition::Attribute { name, operations, .. }
            if name.value == attribute && operations.iter().all(|operation| operation.operator != Operator::Exists)),
        Condition::Segment(names) => names.iter().all(|name| {
            let segment = project.segments.iter().find(|segment| segment.name == name.value);
            // A segment inside a segment is not followed, because a cycle of segments would cause an endless recursion.
            segment.and_then(|segment| segment.condition.as_ref()).is_some_and(|condition| {
                matches!(&condition.value, Condition::Attribute { .. }) && requires(&condition.value)
            })
        }),
        Condition::Flag(_) => false,
        Condition::Attribute { name, operations, .. } => {
            let present = |operand: &Value| *operand != Value::Boolean(false);
            name.value == attribute
                && operations
                    .iter()
                    .any(|operation| operation.operator != Operator::Exists || present(&operation.operand.value))
        }
    }
}
