//! `unservable-variant`: a variant that rules or the default mention, but that no context gets.

use crate::analyze::RuleReachability;
use crate::bundle::{Percent, Rule, VariantId};
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model;
use crate::rules::review::{Review, Scope};
use crate::rules::segment_coverage::SegmentCoverage;

pub(super) fn check(review: &Review<'_>, _: &SegmentCoverage<'_>, diagnostics: &mut Diagnostics) {
    let running = || review.scopes.iter().filter(|scope| scope.reachability.unmet.is_empty());
    if running().next().is_none() {
        return;
    }
    // A kill can serve `off` in any environment, so `off` is always servable.
    let off = |id| review.scopes.iter().any(|scope| scope.definition.flag().off == id);
    for (id, variant) in (0u16..).map(VariantId).zip(&review.flag.variants) {
        let name = &variant.name.value;
        if !off(id) && running().all(|scope| is_unservable(scope, id, name)) && mentioned(review.flag, name) {
            let message = format!("no context gets variant `{name}` in any environment");
            diagnostics.push(
                Diagnostic::new(Code::UnservableVariant, variant.name.span, message)
                    .help("serve it in a rule that contexts reach, or remove it"),
            );
        }
    }
}

/// Returns whether no context gets the variant and no other finding reports the reason.
fn is_unservable(scope: &Scope<'_>, id: VariantId, name: &str) -> bool {
    let flag = scope.definition.flag();
    // A rule explains why the variant is not served if its rollout is 0 %, or if another finding reports that the rule
    // is never reached.
    let explained = |(rule, reach): (&Rule, &RuleReachability)| {
        serves(rule, id) && !matches!(reach, RuleReachability::Reachable(_))
    };
    // A split with a share of 100 % is compiled to one variant, so a share of 0 % is only in the definition.
    let paused = |rule: &model::EffectiveRule<'_>| match rule.serve {
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

/// Returns whether the rule serves the variant to at least a part of the units that it admits.
fn serves(rule: &Rule, id: VariantId) -> bool {
    rule.serve.variants().any(|served| served == id)
}

/// Returns whether the flag mentions the variant. `unused-variant` reports variants that the flag does not mention.
fn mentioned(flag: &model::Flag, name: &str) -> bool {
    let in_rule = |fields: &model::RuleFields| match &fields.serve {
        Some(model::Serve::Variant(served)) => served.value == name,
        Some(model::Serve::Split(shares)) => shares.value.iter().any(|share| share.variant.value == name),
        None => false,
    };
    flag.servings().any(|serving| {
        let fields = [&serving.off, &serving.default];
        fields.into_iter().flatten().any(|served| served.value == name)
    }) || flag.rule_fields().any(in_rule)
}
