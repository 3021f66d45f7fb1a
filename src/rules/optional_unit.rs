//! `optional-unit`

use jiff::civil::Date;

use crate::bundle::{BUCKETS, TARGETING_KEY};
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Condition, EffectiveServing, Operator, Project, Rule, Serve};
use crate::yaml::Value;

pub(super) fn check(project: &Project, _: Date, diagnostics: &mut Diagnostics) {
    for flag in project.complete_flags() {
        for environment in &project.settings.environments {
            check_serving(project, flag.serving(&environment.value), diagnostics);
        }
    }
}

fn check_serving(project: &Project, serving: EffectiveServing<'_>, diagnostics: &mut Diagnostics) {
    let Some(unit) = serving.unit else { return };
    let declared = project.settings.attributes.iter().find(|attribute| attribute.name.value == unit.value);
    if unit.value == TARGETING_KEY || declared.is_none_or(|declared| declared.required) {
        return;
    }
    for rule in serving.rules {
        let present = rule.condition.as_ref().is_some_and(|condition| asks(project, &condition.value, &unit.value));
        if buckets(rule) && !present {
            let span = rule.rollout.as_ref().map_or(rule.span, |rollout| rollout.span);
            let message = format!("contexts without `{}` cannot be bucketed by it", unit.value);
            diagnostics.push(Diagnostic::new(Code::OptionalUnit, span, message).related(unit.span, "the unit").help(
                format!(
                    "declare it `required: true` if every context has it, or add `{}: {{exists: true}}` to the rule",
                    unit.value
                ),
            ));
        }
    }
}

fn buckets(rule: &Rule) -> bool {
    let partial = |share: u32| share != 0 && share != BUCKETS;
    rule.rollout.as_ref().is_some_and(|rollout| partial(rollout.value.buckets()))
        || matches!(&rule.serve, Some(Serve::Split(shares))
            if shares.value.iter().any(|share| partial(share.share.value.buckets())))
}

/// Whether the condition can hold only where the attribute is there.
fn asks(project: &Project, condition: &Condition, attribute: &str) -> bool {
    let asks = |condition: &Condition| asks(project, condition, attribute);
    match condition {
        Condition::All(inner) => inner.iter().any(asks),
        Condition::Any(inner) => inner.iter().all(asks),
        // What is unknown stays unknown when it is negated; `exists` alone does not.
        Condition::Not(inner) => matches!(inner.as_ref(), Condition::Attribute { name, operations, .. }
            if name.value == attribute && operations.iter().all(|one| one.operator != Operator::Exists)),
        Condition::Segment(names) => names.iter().all(|name| {
            let segment = project.segments.iter().find(|segment| segment.name == name.value);
            // A segment inside a segment is not followed: that might not end.
            segment.and_then(|segment| segment.condition.as_ref()).is_some_and(|condition| {
                matches!(&condition.value, Condition::Attribute { .. }) && asks(&condition.value)
            })
        }),
        Condition::Flag(_) => false,
        Condition::Attribute { name, operations, .. } => {
            let present = |operand: &Value| *operand != Value::Boolean(false);
            name.value == attribute
                && operations.iter().any(|one| one.operator != Operator::Exists || present(&one.operand.value))
        }
    }
}
