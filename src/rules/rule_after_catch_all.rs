//! `rule-after-catch-all`: a rule after a rule that matches every context.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::bundle::Percent;
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{EffectiveRule, Project, Rule};
use crate::snapshot::Span;

pub(super) fn check(project: &Project, _: Timestamp, diagnostics: &mut Diagnostics) {
    let names: Vec<_> = project.settings.environment_names().map(|name| project.settings.names_of(name)).collect();
    for flag in project.complete_flags() {
        // A rule can match every context in some environments only. It is reported if no environment reaches it.
        let mut reached: BTreeSet<Span> = BTreeSet::new();
        let mut unreached: BTreeMap<Span, (&Rule, Span)> = BTreeMap::new();
        for serving in names.iter().map(|names| flag.serving(names)) {
            let catch_all = serving.rules.iter().position(is_catch_all);
            let end = catch_all.map_or(serving.rules.len(), |index| index + 1);
            reached.extend(serving.rules.iter().take(end).map(|rule| rule.written.span));
            if let (Some(after), Some(catch_all)) = (serving.rules.get(end), serving.rules.get(end.wrapping_sub(1))) {
                unreached.insert(after.written.span, (after.written, catch_all.written.span));
            }
        }
        for (span, (after, catch_all)) in unreached.into_iter().filter(|(span, _)| !reached.contains(span)) {
            let name = after.name.as_ref().map_or(String::new(), |name| format!(" `{}`", name.value));
            diagnostics.push(
                Diagnostic::new(Code::RuleAfterCatchAll, span, format!("rule{name} is never reached"))
                    .related(catch_all, "this rule matches every context")
                    .help("move the rule that matches every context to the end, or write it as `default`"),
            );
        }
    }
}

fn is_catch_all(rule: &EffectiveRule<'_>) -> bool {
    rule.condition.is_none() && rule.written.slot.is_none() && rule.share() == Percent::ALL
}
