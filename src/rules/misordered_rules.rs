//! `misordered-rules`: a rule that comes after a more general rule, so it never serves.

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::rules::review::Review;
use crate::rules::segment_coverage::SegmentCoverage;

pub(super) fn check(review: &Review<'_>, _: &SegmentCoverage<'_>, diagnostics: &mut Diagnostics) {
    for instances in review.rules_that_run() {
        let general: Option<Vec<_>> = instances.iter().map(|instance| instance.special_case_of()).collect();
        let (Some(special), Some(general)) = (instances.first(), general.as_ref().and_then(|all| all.first())) else {
            continue;
        };
        let (name, before) = (special.name(), general.name());
        let message = format!("rule `{name}` is a special case of rule `{before}`, which comes before it");
        diagnostics.push(
            Diagnostic::new(Code::MisorderedRules, special.written.written.span, message)
                .label("never reached")
                .related(general.written.written.span, "every context of the later rule gets another variant here")
                .help(format!("move `{name}` before `{before}`")),
        );
    }
}
