//! `rule-after-catch-all`: a rule after a rule that matches every context.

use jiff::civil::Date;

use crate::bundle::Percent;
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::model::{Project, Rule};

pub(super) fn check(project: &Project, _: Date, diagnostics: &mut Diagnostics) {
    for serving in project.complete_flags().flat_map(|flag| flag.servings()) {
        let mut rules = serving.rules.iter().flatten();
        let Some(catch_all) = rules.find(|rule| is_catch_all(rule)) else { continue };
        if let Some(after) = rules.next() {
            let name = after.name.as_ref().map_or(String::new(), |name| format!(" `{}`", name.value));
            diagnostics.push(
                Diagnostic::new(Code::RuleAfterCatchAll, after.span, format!("rule{name} is never reached"))
                    .related(catch_all.span, "this rule matches every context")
                    .help("move the rule that matches every context to the end, or write it as `default`"),
            );
        }
    }
}

fn is_catch_all(rule: &Rule) -> bool {
    rule.condition.is_none() && rule.rollout.as_ref().is_none_or(|rollout| rollout.value == Percent::ALL)
}
