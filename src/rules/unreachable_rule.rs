//! `unreachable-rule`: a rule whose contexts are all matched by rules before it.

use crate::bundle::Percent;
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::rules::review::{Review, RuleInstance};
use crate::rules::segment_coverage::SegmentCoverage;

pub(super) fn check(review: &Review<'_>, _: &SegmentCoverage<'_>, diagnostics: &mut Diagnostics) {
    for instances in review.rules_that_run() {
        // The rule `misordered-rules` reports a rule that needs only another position in the list.
        let misordered = instances.iter().all(|instance| instance.special_case_of().is_some());
        let covers: Option<Vec<_>> = instances.iter().map(RuleInstance::covered_by).collect();
        let (Some(instance), Some(covers), false) = (instances.first(), covers, misordered) else { continue };
        let Some((covering, prerequisites)) = covers.first() else { continue };
        let (rule, share) = (&instance.written, instance.rule().map_or(Percent::ALL, |rule| rule.rollout));
        let message = format!("rule `{}` is never reached", instance.name());
        let mut diagnostic = Diagnostic::new(Code::UnreachableRule, rule.written.span, message);
        let is_only_cause = covering.len() == 1 && prerequisites.is_empty();
        for before in covering {
            let admitted = before.rule().map_or(Percent::ALL, |rule| rule.rollout);
            let (span, label) = match before.written.rollout {
                Some(rollout) if admitted < Percent::ALL => {
                    (rollout.span, format!("these {admitted} of units include the {share} that the later rule admits"))
                }
                _ if is_only_cause => {
                    (before.written.written.span, "this rule matches every context of the later rule".to_owned())
                }
                _ => (before.written.written.span, "this rule matches some contexts of the later rule".to_owned()),
            };
            diagnostic = diagnostic.related(span, label);
        }
        for index in *prerequisites {
            if let Some(required) = instance.scope.serving.requires.get(*index) {
                let label = "a context that meets this prerequisite does not satisfy the condition of the rule";
                diagnostic = diagnostic.related(required.flag.span, label);
            }
        }
        diagnostics.push(diagnostic.help("remove it, or move it before the rules that match its contexts"));
    }
}
