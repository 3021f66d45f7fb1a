//! `unreachable-rule`

use crate::bundle::Percent;
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::rules::review::{Placed, Review};
use crate::rules::segment_coverage::Extents;

pub(super) fn check(review: &Review<'_>, _: &Extents<'_>, diagnostics: &mut Diagnostics) {
    for places in review.asked_rules() {
        // What is only misordered is `misordered-rules`'.
        let misordered = places.iter().all(|placed| placed.special_case_of().is_some());
        let covers: Option<Vec<_>> = places.iter().map(Placed::covered_by).collect();
        let (Some(placed), Some(covers), false) = (places.first(), covers, misordered) else { continue };
        let Some((covering, prerequisites)) = covers.first() else { continue };
        let (rule, share) = (&placed.written, placed.rule().map_or(Percent::ALL, |rule| rule.rollout));
        let message = format!("rule `{}` is never reached", placed.name());
        let mut diagnostic = Diagnostic::new(Code::UnreachableRule, rule.span, message);
        let alone = covering.len() == 1 && prerequisites.is_empty();
        for before in covering {
            let admitted = before.rule().map_or(Percent::ALL, |rule| rule.rollout);
            let (span, label) = match &before.written.rollout {
                Some(rollout) if admitted < Percent::ALL => {
                    (rollout.span, format!("these {admitted} of units include the {share} that it would admit"))
                }
                _ if alone => (before.written.span, "this rule takes everyone whom it is for".to_owned()),
                _ => (before.written.span, "this rule takes some of those whom it is for".to_owned()),
            };
            diagnostic = diagnostic.related(span, label);
        }
        for at in *prerequisites {
            if let Some(required) = placed.scope.serving.requires.get(*at) {
                let label = "whoever meets this prerequisite is not one of those whom it is for";
                diagnostic = diagnostic.related(required.flag.span, label);
            }
        }
        diagnostics.push(diagnostic.help("remove it, or ask it before those that take its contexts"));
    }
}
