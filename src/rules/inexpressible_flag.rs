//! `inexpressible-flag`: a flag that a declared target cannot express, so nothing could be published to the target.

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics, quoted_list};
use crate::flagd::Cause;
use crate::model::Project;
use crate::rules::target_refusals::TargetRefusal;

pub(super) fn check(_: &Project, refusals: &[TargetRefusal<'_>], diagnostics: &mut Diagnostics) {
    // `unfit-bucketing` reports the buckets of all flags together.
    for TargetRefusal { targets, span, refusal, .. } in
        refusals.iter().filter(|refused| refused.refusal.cause != Cause::Buckets)
    {
        let names = quoted_list(targets.iter().map(|target| target.name.value.as_str()));
        let noun = if targets.len() == 1 { "target" } else { "targets" };
        let message = format!("cannot be published to the {noun} {names}: {}", refusal.why);
        let mut diagnostic = Diagnostic::new(Code::InexpressibleFlag, *span, message).help(refusal.help);
        if let Some(target) = targets.first() {
            diagnostic = diagnostic.related(target.name.span, "the target is for flagd");
        }
        diagnostics.push(diagnostic);
    }
}
