//! The steps of a decision, as a tree. Each format lays them out in its own way.

use crate::bundle::{BUCKETS, Bucket, Bundle, Flag, ListText, NOW, Percent, Serve, State};
use crate::eval::{AdmissionTrace, ConditionTrace, Nearest, Outcome, RuleTrace, Trace, TraceKind, Truth};
use crate::report::StyledText;
use crate::report::decision::human::variant;
use crate::report::decision::value::found;
use crate::report::text::{grouped, killed};

/// A step of a decision.
#[derive(Debug)]
pub(crate) struct Step {
    /// The depth of the step in the tree. A step is at most one level deeper than the step before it.
    pub(crate) depth: usize,
    /// The result.
    pub(crate) mark: Mark,
    /// The condition, the rule or the share.
    pub(crate) text: String,
    /// The details, such as the found value. They may be empty.
    pub(crate) remark: String,
}

/// The result of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// The condition holds, or the rule decides.
    Holds,
    /// The condition does not hold.
    Fails,
    /// A value is missing or unusable.
    Unknown,
    /// The decision was made before.
    Unreached,
}

/// Returns the steps of a decision, in the order of the evaluation.
pub(crate) fn steps(bundle: &Bundle, flag: &Flag, trace: &Trace<'_, '_>) -> Vec<Step> {
    let mut steps = Vec::new();
    match &flag.state {
        State::Enabled => {}
        State::Disabled => steps.push(step(0, Mark::Fails, "enabled".to_owned(), "enabled: false")),
        State::Killed { reason, by, at, expires, admit } => {
            let expires = expires.as_ref().map(|expires| format!("expires {expires}"));
            let details = [by.as_deref(), at.as_deref(), expires.as_deref()];
            let details = details.into_iter().flatten().collect::<Vec<&str>>().join(", ");
            let details = if details.is_empty() { details } else { format!(" ({details})") };
            let remark = format!("{}: {reason}{details}", killed(*admit));
            match flag.state.is_half_open() {
                false => steps.push(step(0, Mark::Fails, "not killed".to_owned(), &remark)),
                // The last step says whether the kill admits the unit.
                true => steps.push(step(0, Mark::Unknown, "not killed".to_owned(), &remark)),
            }
        }
    }
    trace.prerequisites.iter().for_each(|condition| add_condition(condition, 0, &mut steps));
    for (rule_index, rule) in trace.rules.iter().enumerate() {
        add_rule(bundle, flag, rule, rule_index, &mut steps);
    }
    let is_decided = |rule: &RuleTrace<'_, '_>| matches!(rule.outcome, Some(Outcome::Serves(..) | Outcome::Fails(_)));
    if trace.rules.iter().all(|rule| rule.outcome.is_some()) && !trace.rules.iter().any(is_decided) {
        let default = &flag.variant(flag.default).name;
        steps.push(step(0, Mark::Holds, format!("default serves {default}"), ""));
    }
    steps.extend(trace.admission.map(|admission| {
        let AdmissionTrace { admit, bucket, .. } = admission;
        let unit = bundle.attributes.name(admission.unit);
        let (mark, remark) = match bucket {
            None => (Mark::Unknown, format!("no usable {unit}: off")),
            Some(bucket) if bucket < admit.buckets() => (Mark::Holds, in_bucket(unit, bucket)),
            Some(bucket) => (Mark::Fails, format!("{}: off", in_bucket(unit, bucket))),
        };
        step(0, mark, format!("kill admits {admit}"), &remark)
    }));
    steps
}

/// Returns the nearest change of the context that would change the decision: `on with country = "US"`.
pub(crate) fn nearest_change(flag: &Flag, nearest: &Nearest<'_>) -> StyledText {
    let changes = nearest.changes.iter().map(|change| match (&change.value, change.attribute.name.as_ref()) {
        (Some(value), NOW) => format!("at {}", value.as_str().unwrap_or_default()),
        (Some(value), name) => format!("with {name} = {value}"),
        (None, name) => format!("without {name}"),
    });
    let changes = changes.collect::<Vec<_>>().join(" and ");
    variant(flag, &nearest.decision.variant.name).plain(format!(" {changes}"))
}

fn step(depth: usize, mark: Mark, text: String, remark: &str) -> Step {
    Step { depth, mark, text, remark: remark.to_owned() }
}

fn mark(truth: Truth) -> Mark {
    match truth {
        Truth::True => Mark::Holds,
        Truth::False => Mark::Fails,
        Truth::Unknown => Mark::Unknown,
    }
}

fn add_rule(bundle: &Bundle, flag: &Flag, rule: &RuleTrace<'_, '_>, rule_index: usize, steps: &mut Vec<Step>) {
    let serves = match (&rule.rule.serve, rule.outcome) {
        (_, Some(Outcome::Serves(id, _))) => format!("serves {}", flag.variant(id).name),
        (Serve::Variant(id), _) => format!("serves {}", flag.variant(*id).name),
        (Serve::Split(_), _) => "splits".to_owned(),
    };
    let (rule_mark, remark) = match rule.outcome {
        None => (Mark::Unreached, "not reached"),
        Some(Outcome::Serves(..)) => (Mark::Holds, ""),
        Some(Outcome::NoMatch | Outcome::OutsideSlot | Outcome::NotAdmitted) => (Mark::Fails, ""),
        Some(Outcome::NoUnit) => (Mark::Unknown, ""),
        Some(Outcome::Fails(_)) => (Mark::Unknown, "no unit: off"),
    };
    steps.push(step(0, rule_mark, format!("rule {} {serves}", flag.rule_name(rule_index)), remark));
    if rule.outcome.is_none() {
        return;
    }
    if let Some(condition) = &rule.condition {
        add_entries(condition, 1, steps);
    }
    let unit = bundle.attributes.name(flag.unit_of(rule.rule));
    let missing = format!("no usable {unit}");
    let in_bucket = |bucket| in_bucket(unit, bucket);
    if let Some(slot) = &rule.rule.slot {
        let text = format!("slot {slot}");
        let (slot_mark, remark) = match rule.slot_bucket {
            _ if slot.range.is_all() => (Mark::Holds, String::new()),
            None => (Mark::Unknown, missing.clone()),
            Some(bucket) if slot.contains(bucket) => (Mark::Holds, in_bucket(bucket)),
            Some(bucket) => (Mark::Fails, in_bucket(bucket)),
        };
        steps.push(step(1, slot_mark, text, &remark));
    }
    let share = rule.rule.rollout;
    if share != Percent::ALL {
        let (gate_mark, remark) = match rule.rollout_bucket {
            _ if share == Percent::ZERO => (Mark::Fails, "admits no unit".to_owned()),
            None => (Mark::Unknown, missing.clone()),
            Some(bucket) if bucket < share.buckets() => (Mark::Holds, in_bucket(bucket)),
            // A larger rollout admits the unit only if nothing else keeps the context from the rule.
            Some(bucket) if rule.outcome == Some(Outcome::NotAdmitted) => {
                let enters = Percent::from_buckets(bucket + 1).unwrap_or(Percent::ALL);
                (Mark::Fails, format!("{}; would enter at {enters}", in_bucket(bucket)))
            }
            Some(bucket) => (Mark::Fails, in_bucket(bucket)),
        };
        steps.push(step(1, gate_mark, format!("rollout {share}"), &remark));
    }
    let asked = matches!(rule.outcome, Some(Outcome::Serves(..) | Outcome::Fails(_)));
    if asked && matches!(rule.rule.serve, Serve::Split(_)) {
        let text = format!("split {}", flag.describe_serve(&rule.rule.serve));
        let (split_mark, remark) = match rule.split_bucket {
            Some(bucket) => (Mark::Holds, in_bucket(bucket)),
            None => (Mark::Unknown, missing),
        };
        steps.push(step(1, split_mark, text, &remark));
    }
}

fn in_bucket(unit: &str, bucket: Bucket) -> String {
    format!("{unit} in bucket {} of {}", grouped(u64::from(bucket)), grouped(u64::from(BUCKETS)))
}

fn add_condition(condition: &ConditionTrace<'_, '_>, depth: usize, steps: &mut Vec<Step>) {
    let mark = mark(condition.truth);
    match &condition.kind {
        TraceKind::All(inner) => add_group("all of", mark, inner, depth, steps),
        TraceKind::Any(inner) => add_group("any of", mark, inner, depth, steps),
        TraceKind::Not(inner) => {
            steps.push(step(depth, mark, "not".to_owned(), ""));
            add_condition(inner, depth + 1, steps);
        }
        TraceKind::Segment { name, condition } => {
            steps.push(step(depth, mark, format!("segment {name}"), ""));
            add_entries(condition, depth + 1, steps);
        }
        TraceKind::Flag { flag, wanted, decision } => {
            let text = format!("flag {} serves {}", flag.key, wanted.join(" or "));
            let remark = format!("{} ({})", decision.variant.name, decision.reason.name());
            steps.push(step(depth, mark, text, &remark));
        }
        TraceKind::Test { test, attribute, found: value } => {
            steps.push(step(depth, mark, test.summarize(attribute), &found(value, ListText::Shortened)));
        }
    }
}

/// Adds the parts of a condition that must all hold. The previous line already says this, so the function adds no line
/// `all of`.
fn add_entries(condition: &ConditionTrace<'_, '_>, depth: usize, steps: &mut Vec<Step>) {
    match &condition.kind {
        TraceKind::All(inner) => inner.iter().for_each(|condition| add_condition(condition, depth, steps)),
        _ => add_condition(condition, depth, steps),
    }
}

fn add_group(title: &str, mark: Mark, inner: &[ConditionTrace<'_, '_>], depth: usize, steps: &mut Vec<Step>) {
    steps.push(step(depth, mark, title.to_owned(), ""));
    inner.iter().for_each(|condition| add_condition(condition, depth + 1, steps));
}
