//! `impossible-prerequisite`: a required variant that the other flag serves to no context.

use std::collections::BTreeMap;

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::rules::review::Review;
use crate::rules::segment_coverage::SegmentCoverage;

pub(super) fn check(review: &Review<'_>, _: &SegmentCoverage<'_>, diagnostics: &mut Diagnostics) {
    let mut requirements = BTreeMap::new();
    for scope in &review.scopes {
        for (index, required) in scope.serving.requires.iter().enumerate() {
            let (_, unmet) = requirements.entry(required.flag.span).or_insert((required, true));
            *unmet &= scope.reachability.unmet.contains(&index);
        }
    }
    for (span, (required, _)) in requirements.into_iter().filter(|(_, (_, unmet))| *unmet) {
        let variants: Vec<_> = required.variants.iter().map(|name| format!("`{}`", name.value)).collect();
        let (flag, variants) = (&required.flag.value, variants.join(" or "));
        let message = format!("`{flag}` serves {variants} to no context in any environment");
        diagnostics.push(
            Diagnostic::new(Code::ImpossiblePrerequisite, span, message)
                .label(format!("so `{}` serves its `off` variant to every context", review.flag.key))
                .help(format!(
                    "require a variant that `{flag}` serves, or add a rule to `{flag}` that serves this variant"
                )),
        );
    }
}
