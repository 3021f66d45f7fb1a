//! `impossible-prerequisite`

use std::collections::BTreeMap;

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::rules::review::Review;
use crate::rules::segment_coverage::Extents;

pub(super) fn check(review: &Review<'_>, _: &Extents<'_>, diagnostics: &mut Diagnostics) {
    let mut requirements = BTreeMap::new();
    for scope in &review.scopes {
        for (at, required) in scope.serving.requires.iter().enumerate() {
            let (_, unmet) = requirements.entry(required.flag.span).or_insert((required, true));
            *unmet &= scope.reachability.unmet.contains(&at);
        }
    }
    for (span, (required, _)) in requirements.into_iter().filter(|(_, (_, unmet))| *unmet) {
        let variants: Vec<_> = required.variants.iter().map(|name| format!("`{}`", name.value)).collect();
        let (flag, variants) = (&required.flag.value, variants.join(" or "));
        let message = format!("`{flag}` serves {variants} to nobody in any environment");
        diagnostics.push(
            Diagnostic::new(Code::ImpossiblePrerequisite, span, message)
                .label(format!("so `{}` serves `off` to everyone", review.flag.key))
                .help(format!("require a variant that `{flag}` serves, or let it serve this one")),
        );
    }
}
