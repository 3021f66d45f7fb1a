//! `impossible-condition`: a rule whose condition no context satisfies.

use std::collections::BTreeMap;

use crate::analyze::{RuleReachability, Satisfiability};
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::Condition;
use crate::rules::review::{Review, RuleInstance, contradiction};
use crate::rules::segment_coverage::SegmentCoverage;
use crate::snapshot::Span;

pub(super) fn check(review: &Review<'_>, coverage: &SegmentCoverage<'_>, diagnostics: &mut Diagnostics) {
    // A rule can have a condition of its own in an environment, so the instances are grouped by the written condition.
    let mut by_condition: BTreeMap<Span, Vec<RuleInstance<'_, '_>>> = BTreeMap::new();
    for instance in review.rules().flatten() {
        let condition = instance.written.condition.map(|condition| condition.span);
        by_condition.entry(condition.unwrap_or(instance.written.written.span)).or_default().push(instance);
    }
    for instances in by_condition.into_values() {
        if !instances.iter().all(|instance| instance.reach() == Some(&RuleReachability::NeverHolds)) {
            continue;
        }
        let Some(instance) = instances.first() else { continue };
        let Some(written) = instance.written.condition else { continue };
        let Some(condition) = instance.rule().and_then(|rule| rule.condition.as_ref()) else { continue };
        if mentions_empty_segment(&written.value, coverage) {
            continue;
        }
        let message = format!("the condition of rule `{}` matches no context", instance.name());
        let mut diagnostic = Diagnostic::new(Code::ImpossibleCondition, written.span, message);
        if let [first, rest @ ..] = contradiction(instance.scope.definition.bundle(), condition).as_slice()
            && !rest.is_empty()
        {
            diagnostic = diagnostic.label(format!("no context satisfies `{first}` and `{}`", rest.join("` and `")));
        }
        diagnostics.push(diagnostic.help("correct the condition, or remove the rule"));
    }
}

/// Returns whether the condition mentions a segment that `empty-segment` reports.
fn mentions_empty_segment(condition: &Condition, coverage: &SegmentCoverage<'_>) -> bool {
    condition.segments().any(|name| coverage.satisfiability(&name.value) == Some(Satisfiability::Never))
}
