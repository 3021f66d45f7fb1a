//! `unservable-variant`

use crate::analyze::RuleReachability;
use crate::bundle::{Percent, Rule, VariantId};
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model;
use crate::rules::review::{Review, Scope};
use crate::rules::segment_coverage::Extents;

pub(super) fn check(review: &Review<'_>, _: &Extents<'_>, diagnostics: &mut Diagnostics) {
    let asked = || review.scopes.iter().filter(|scope| scope.reachability.unmet.is_empty());
    if asked().next().is_none() {
        return;
    }
    // `off` is what a kill serves, in any environment.
    let off = |id| review.scopes.iter().any(|scope| scope.definition.flag().off == id);
    for (id, variant) in (0u16..).map(VariantId).zip(&review.flag.variants) {
        let name = &variant.name.value;
        if !off(id) && asked().all(|scope| nobody_gets(scope, id, name)) && mentioned(review.flag, name) {
            let message = format!("nobody gets variant `{name}` in any environment");
            diagnostics.push(
                Diagnostic::new(Code::UnservableVariant, variant.name.span, message)
                    .help("serve it where somebody gets to, or remove it"),
            );
        }
    }
}

/// Whether nobody does, and for a reason that stands nowhere else.
fn nobody_gets(scope: &Scope<'_>, id: VariantId, name: &str) -> bool {
    let flag = scope.definition.flag();
    // Whatever serves it is closed for now, or another finding says why it is never reached.
    let explained = |(rule, reach): (&Rule, &RuleReachability)| {
        serves(rule, id) && !matches!(reach, RuleReachability::Reachable(_))
    };
    // Where another share is of everything, nothing is left of it in the compiled rule.
    let paused = |rule: &model::Rule| match &rule.serve {
        Some(model::Serve::Split(shares)) => {
            let zero = |share: &model::Share| share.share.value == Percent::ZERO && share.variant.value == name;
            shares.value.iter().any(zero)
        }
        _ => false,
    };
    scope.reachability.variants.get(usize::from(id.0)) == Some(&false)
        && !flag.rules.iter().zip(&scope.reachability.rules).any(explained)
        && !scope.serving.rules.iter().any(paused)
}

/// Whether the rule would serve it to some of those that it admits.
fn serves(rule: &Rule, id: VariantId) -> bool {
    rule.serve.variants().any(|served| served == id)
}

/// `unused-variant` says it of what nothing mentions.
fn mentioned(flag: &model::Flag, name: &str) -> bool {
    let in_rule = |rule: &model::Rule| match &rule.serve {
        Some(model::Serve::Variant(served)) => served.value == name,
        Some(model::Serve::Split(shares)) => shares.value.iter().any(|share| share.variant.value == name),
        None => false,
    };
    flag.servings().any(|serving| {
        let fields = [&serving.off, &serving.default];
        fields.into_iter().flatten().any(|served| served.value == name) || serving.rules.iter().flatten().any(in_rule)
    })
}
