//! `misordered-rules`

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::rules::review::Review;
use crate::rules::segment_coverage::Extents;

pub(super) fn check(review: &Review<'_>, _: &Extents<'_>, diagnostics: &mut Diagnostics) {
    for places in review.asked_rules() {
        let general: Option<Vec<_>> = places.iter().map(|placed| placed.special_case_of()).collect();
        let (Some(special), Some(general)) = (places.first(), general.as_ref().and_then(|all| all.first())) else {
            continue;
        };
        let (name, before) = (special.name(), general.name());
        let message = format!("rule `{name}` is a special case of `{before}`, which is asked before it");
        diagnostics.push(
            Diagnostic::new(Code::MisorderedRules, special.written.span, message)
                .label("so it is never reached")
                .related(general.written.span, "everyone whom the later rule is for gets something else here")
                .help(format!("move `{name}` before `{before}`")),
        );
    }
}
