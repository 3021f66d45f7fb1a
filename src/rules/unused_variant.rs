//! `unused-variant`: a variant that no rule, `default` or `off` serves.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Project, Serve};

pub(super) fn check(project: &Project, _: Date, diagnostics: &mut Diagnostics) {
    for flag in project.complete_flags() {
        let mut served = BTreeSet::new();
        for serving in flag.servings() {
            served.extend([&serving.off, &serving.default].into_iter().flatten().map(|name| name.value.as_str()));
            for rule in serving.rules.iter().flatten() {
                match &rule.serve {
                    Some(Serve::Variant(name)) => served.extend([name.value.as_str()]),
                    Some(Serve::Split(shares)) => {
                        served.extend(shares.value.iter().map(|share| share.variant.value.as_str()));
                    }
                    None => {}
                }
            }
        }
        for variant in flag.variants.iter().filter(|variant| !served.contains(variant.name.value.as_str())) {
            let message = format!("no rule, `default` or `off` serves variant `{}`", variant.name.value);
            diagnostics
                .push(Diagnostic::new(Code::UnusedVariant, variant.name.span, message).help("serve it, or remove it"));
        }
    }
}
