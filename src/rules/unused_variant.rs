//! `unused-variant`: a variant that no rule, `default` or `off` serves.
//!
//! Two kinds of flags have such variants on purpose and are not reported: a flag that serves only `off` until its rollout
//! begins, and an `ops` flag, whose variants are a menu for operators. A flag that serves an unknown variant is not
//! reported either.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Flag, OPERATORS_KIND, Project, Rule, Serve};
use crate::snapshot::Spanned;

pub(super) fn check(project: &Project, _: Timestamp, diagnostics: &mut Diagnostics) {
    for flag in project.complete_flags().filter(|flag| flag.kind() != OPERATORS_KIND) {
        let off: BTreeSet<&str> = flag.servings().filter_map(|serving| serving.off.as_ref()).map(text).collect();
        let served = served(flag);
        // A misspelt variant is an error, and the variant that it stands for is not unused.
        let defined: BTreeSet<&str> = flag.variants.iter().map(|variant| text(&variant.name)).collect();
        if served.is_subset(&off) || !served.is_subset(&defined) {
            continue;
        }
        for variant in flag.variants.iter().filter(|variant| !served.contains(text(&variant.name))) {
            let message = format!("no rule, `default` or `off` serves variant `{}`", variant.name.value);
            diagnostics.push(
                Diagnostic::new(Code::UnusedVariant, variant.name.span, message)
                    .help("serve it, or remove it")
                    .in_list(flag.variants_key),
            );
        }
    }
}

/// Returns the variants that a rule, `default` or `off` serves, in any environment.
fn served(flag: &Flag) -> BTreeSet<&str> {
    let mut served = BTreeSet::new();
    for serving in flag.servings() {
        served.extend([&serving.off, &serving.default].into_iter().flatten().map(text));
        let rules = serving.rules.iter().flatten();
        for fields in rules.flat_map(Rule::fields) {
            match &fields.serve {
                Some(Serve::Variant(name)) => served.extend([text(name)]),
                Some(Serve::Split(shares)) => served.extend(shares.value.iter().map(|share| text(&share.variant))),
                None => {}
            }
        }
    }
    served
}

fn text(name: &Spanned<String>) -> &str {
    &name.value
}
