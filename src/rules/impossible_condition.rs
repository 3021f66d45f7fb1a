//! `impossible-condition`

use crate::analyze::{RuleReachability, Satisfiability};
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::Condition;
use crate::rules::review::{Review, contradiction};
use crate::rules::segment_coverage::Extents;

pub(super) fn check(review: &Review<'_>, extents: &Extents<'_>, diagnostics: &mut Diagnostics) {
    for places in review.rules() {
        if !places.iter().all(|placed| placed.reach() == Some(&RuleReachability::NeverHolds)) {
            continue;
        }
        let Some(placed) = places.first() else { continue };
        let Some(written) = &placed.written.condition else { continue };
        let Some(condition) = placed.rule().and_then(|rule| rule.condition.as_ref()) else { continue };
        if mentions_nobody(&written.value, extents) {
            continue;
        }
        let message = format!("the condition of rule `{}` holds for nobody", placed.name());
        let mut diagnostic = Diagnostic::new(Code::ImpossibleCondition, written.span, message);
        if let [one, other @ ..] = contradiction(placed.scope.definition.bundle(), condition).as_slice()
            && !other.is_empty()
        {
            diagnostic = diagnostic.label(format!("no context has `{one}` and `{}`", other.join("` and `")));
        }
        diagnostics.push(diagnostic.help("correct it, or remove the rule"));
    }
}

/// `empty-segment` says it of the segment.
fn mentions_nobody(condition: &Condition, extents: &Extents<'_>) -> bool {
    condition.segments().any(|name| extents.of(&name.value) == Some(Satisfiability::Never))
}
