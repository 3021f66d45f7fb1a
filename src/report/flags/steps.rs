//! The steps of an enabled flag's decision, one short text each.

use crate::bundle::{BUCKETS, Bundle, Condition, Flag, Rule};

/// Returns the steps in the order of their evaluation: the prerequisites, the rules, and the default.
pub(crate) fn steps(bundle: &Bundle, flag: &Flag) -> Vec<String> {
    let mut steps = Vec::new();
    for prerequisite in &flag.prerequisites {
        if let Condition::Flag { key, variants } = prerequisite {
            let required = bundle.flag_at(*key);
            let wanted: Vec<_> = variants.iter().map(|id| required.variant(*id).name.as_ref()).collect();
            steps.push(format!("requires {} {}", required.key, wanted.join(" or ")));
        }
    }
    steps.extend(flag.rules.iter().enumerate().map(|(index, own)| match own.unit {
        None => rule(flag, index),
        Some(unit) => format!("{} by {}", rule(flag, index), bundle.attributes.name(unit)),
    }));
    steps.push(format!("default: {}", flag.variant(flag.default).name));
    steps
}

/// Returns a rule as a step: `rule staff: on`.
pub fn rule(flag: &Flag, rule_index: usize) -> String {
    let serves = flag.rules.get(rule_index).map_or(String::new(), |rule| served(flag, rule));
    format!("rule {}: {serves}", flag.rule_name(rule_index))
}

/// Returns the variants that a rule serves to matching contexts: `25% → on`.
pub(crate) fn served(flag: &Flag, rule: &Rule) -> String {
    let serve = flag.describe_serve(&rule.serve);
    let served = if rule.rollout.buckets() == BUCKETS { serve } else { format!("{} → {serve}", rule.rollout) };
    match &rule.slot {
        None => served,
        Some(slot) => format!("slot {slot} → {served}"),
    }
}
