//! A decision and all of its steps, as a tree for a terminal.

use crate::bundle::{BUCKETS, Bucket, Bundle, Flag, ListText, NOW, Percent, Serve, State};
use crate::eval::{ConditionTrace, Nearest, Outcome, RuleTrace, Trace, TraceKind, Truth};
use crate::report::decision::human::variant;
use crate::report::decision::value::found;
use crate::report::text::grouped;
use crate::report::{Lines, Role, StyledText};

/// A line of the tree.
struct Line {
    /// The depth of the line in the tree.
    depth: usize,
    mark: Mark,
    step: String,
    /// The details of the step, which may be empty. Remarks are aligned in a column.
    remark: String,
}

/// The result of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Holds,
    Fails,
    Unknown,
    Unreached,
}

impl Mark {
    fn styled(self) -> StyledText {
        match self {
            Self::Holds => StyledText::new(Role::Good, "✓"),
            Self::Fails => StyledText::new(Role::Bad, "✗"),
            Self::Unknown => StyledText::new(Role::Caution, "?"),
            Self::Unreached => StyledText::new(Role::Minor, "·"),
        }
    }
}

/// The maximum width in characters of a step that the column of remarks takes into account.
const ALIGNED: usize = 44;

/// Returns the steps of a decision, and the nearest change of the context that would change the decision.
pub fn explanation(bundle: &Bundle, flag: &Flag, trace: &Trace<'_, '_>, nearest: Option<&Nearest<'_>>) -> Lines {
    let mut lines = Vec::new();
    match &flag.state {
        State::Enabled => {}
        State::Disabled => lines.push(line(0, Mark::Fails, "enabled".to_owned(), "enabled: false")),
        State::Killed { reason, by, at, expires } => {
            let expires = expires.as_ref().map(|expires| format!("expires {expires}"));
            let details = [by.as_deref(), at.as_deref(), expires.as_deref()];
            let details = details.into_iter().flatten().collect::<Vec<&str>>().join(", ");
            let details = if details.is_empty() { details } else { format!(" ({details})") };
            lines.push(line(0, Mark::Fails, "not killed".to_owned(), &format!("killed: {reason}{details}")));
        }
    }
    trace.prerequisites.iter().for_each(|condition| add_condition(condition, 0, &mut lines));
    for (rule_index, rule) in trace.rules.iter().enumerate() {
        add_rule(bundle, flag, rule, rule_index, &mut lines);
    }
    if trace.rules.iter().all(|rule| rule.outcome.is_some()) && trace.decision.rule.is_none() {
        let default = &flag.variant(flag.default).name;
        lines.push(line(0, Mark::Holds, format!("default serves {default}"), ""));
    }
    let width = |line: &Line| 2 * line.depth + line.step.chars().count();
    let column = lines.iter().map(width).filter(|width| *width <= ALIGNED).max().unwrap_or(0);
    let mut text = Lines::default();
    for line in &lines {
        let gap = column.saturating_sub(width(line)) + 2;
        let remark = if line.remark.is_empty() { String::new() } else { format!("{}{}", " ".repeat(gap), line.remark) };
        let role = (line.mark == Mark::Unreached).then_some(Role::Minor);
        let marked = StyledText::from("  ".repeat(line.depth + 1)).then(&line.mark.styled());
        text.add(marked.with(role, format!(" {}{remark}", line.step)));
    }
    if let Some(nearest) = nearest {
        let changes = nearest.changes.iter().map(|change| match (&change.value, change.attribute.name.as_ref()) {
            (Some(value), NOW) => format!("at {}", value.as_str().unwrap_or_default()),
            (Some(value), name) => format!("with {name} = {value}"),
            (None, name) => format!("without {name}"),
        });
        let changes = changes.collect::<Vec<_>>().join(" and ");
        let nearest = variant(flag, &nearest.decision.variant.name);
        text.add(StyledText::from("  nearest change: ").then(&nearest).plain(format!(" {changes}")));
    }
    text
}

fn line(depth: usize, mark: Mark, step: String, remark: &str) -> Line {
    Line { depth, mark, step, remark: remark.to_owned() }
}

fn mark(truth: Truth) -> Mark {
    match truth {
        Truth::True => Mark::Holds,
        Truth::False => Mark::Fails,
        Truth::Unknown => Mark::Unknown,
    }
}

fn add_rule(bundle: &Bundle, flag: &Flag, rule: &RuleTrace<'_, '_>, rule_index: usize, lines: &mut Vec<Line>) {
    let serves = match (&rule.rule.serve, rule.outcome) {
        (_, Some(Outcome::Serves(id, _))) => format!("serves {}", flag.variant(id).name),
        (Serve::Variant(id), _) => format!("serves {}", flag.variant(*id).name),
        (Serve::Split(_), _) => "splits".to_owned(),
    };
    let (rule_mark, remark) = match rule.outcome {
        None => (Mark::Unreached, "not reached"),
        Some(Outcome::Serves(..)) => (Mark::Holds, ""),
        Some(Outcome::NoMatch | Outcome::NotAdmitted) => (Mark::Fails, ""),
        Some(Outcome::NoUnit) => (Mark::Unknown, ""),
        Some(Outcome::Fails(_)) => (Mark::Unknown, "no unit: off"),
    };
    lines.push(line(0, rule_mark, format!("rule {} {serves}", flag.rule_name(rule_index)), remark));
    if rule.outcome.is_none() {
        return;
    }
    if let Some(condition) = &rule.condition {
        add_entries(condition, 1, lines);
    }
    let unit = bundle.attributes.name(flag.unit_of(rule.rule));
    let missing = format!("no usable {unit}");
    let in_bucket = |bucket| in_bucket(unit, bucket);
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
        lines.push(line(1, gate_mark, format!("rollout {share}"), &remark));
    }
    let asked = matches!(rule.outcome, Some(Outcome::Serves(..) | Outcome::Fails(_)));
    if asked && matches!(rule.rule.serve, Serve::Split(_)) {
        let step = format!("split {}", flag.describe_serve(&rule.rule.serve));
        let (split_mark, remark) = match rule.split_bucket {
            Some(bucket) => (Mark::Holds, in_bucket(bucket)),
            None => (Mark::Unknown, missing),
        };
        lines.push(line(1, split_mark, step, &remark));
    }
}

fn in_bucket(unit: &str, bucket: Bucket) -> String {
    format!("{unit} in bucket {} of {}", grouped(u64::from(bucket)), grouped(u64::from(BUCKETS)))
}

fn add_condition(condition: &ConditionTrace<'_, '_>, depth: usize, lines: &mut Vec<Line>) {
    let mark = mark(condition.truth);
    match &condition.kind {
        TraceKind::All(inner) => add_group("all of", mark, inner, depth, lines),
        TraceKind::Any(inner) => add_group("any of", mark, inner, depth, lines),
        TraceKind::Not(inner) => {
            lines.push(line(depth, mark, "not".to_owned(), ""));
            add_condition(inner, depth + 1, lines);
        }
        TraceKind::Segment { name, condition } => {
            lines.push(line(depth, mark, format!("segment {name}"), ""));
            add_entries(condition, depth + 1, lines);
        }
        TraceKind::Flag { flag, wanted, decision } => {
            let step = format!("flag {} serves {}", flag.key, wanted.join(" or "));
            let remark = format!("{} ({})", decision.variant.name, decision.reason.name());
            lines.push(line(depth, mark, step, &remark));
        }
        TraceKind::Test { test, attribute, found: value } => {
            lines.push(line(depth, mark, test.summarize(attribute), &found(value, ListText::Shortened)));
        }
    }
}

/// Adds the parts of a condition that must all hold. The previous line already says this, so the function adds no line
/// `all of`.
fn add_entries(condition: &ConditionTrace<'_, '_>, depth: usize, lines: &mut Vec<Line>) {
    match &condition.kind {
        TraceKind::All(inner) => inner.iter().for_each(|condition| add_condition(condition, depth, lines)),
        _ => add_condition(condition, depth, lines),
    }
}

fn add_group(title: &str, mark: Mark, inner: &[ConditionTrace<'_, '_>], depth: usize, lines: &mut Vec<Line>) {
    lines.push(line(depth, mark, title.to_owned(), ""));
    inner.iter().for_each(|condition| add_condition(condition, depth + 1, lines));
}
