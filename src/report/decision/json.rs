//! Decisions as flagctl's own JSON.

use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::bundle::{Bundle, Condition, Flag, ListText, Percent, State};
use crate::eval::{Cause, ConditionTrace, Decision, ErrorCode, Nearest, Outcome, Reason, Trace, TraceKind, Truth};
use crate::report::decision::value::found;

/// The decisions of one context.
#[derive(Serialize)]
pub struct DecisionsJson<'b> {
    /// The version of this structure.
    pub version: u32,
    /// The environment of the decisions.
    pub environment: &'b str,
    /// The time of the decisions.
    pub now: String,
    /// The full id of the commit of the definitions. It is absent for the working folder and for a bundle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The decisions, in the order of the requested flags.
    pub decisions: Vec<DecisionJson<'b>>,
}

/// The decision of one flag.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DecisionJson<'b> {
    flag: &'b str,
    value: &'b Json,
    variant: &'b str,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Json>,
}

impl<'b> DecisionJson<'b> {
    /// Returns the JSON of a decision, without a trace.
    pub fn new(bundle: &'b Bundle, flag: &'b Flag, decision: &Decision<'b>) -> Self {
        Self {
            flag: &flag.key,
            value: &decision.variant.value,
            variant: &decision.variant.name,
            reason: decision.reason.name(),
            rule: decision.rule.map(|index| flag.rule_name(index)),
            error_code: decision.reason.error_code().map(ErrorCode::name),
            metadata: metadata(bundle, flag, decision),
            trace: None,
        }
    }

    /// Adds every step of the decision.
    #[must_use]
    pub fn with_trace(
        mut self,
        bundle: &Bundle,
        flag: &Flag,
        trace: &Trace<'_, '_>,
        nearest: Option<&Nearest<'_>>,
    ) -> Self {
        let rules = trace.rules.iter().enumerate().map(|(index, rule)| {
            json!({
                "rule": flag.rule_name(index),
                "outcome": outcome(rule.outcome),
                "if": rule.condition.as_ref().map(condition),
                "slot": rule.rule.slot.as_ref().map(ToString::to_string),
                "rollout": (rule.rule.rollout != Percent::ALL).then(|| rule.rule.rollout.to_string()),
                "unit": rule.rule.depends_on_bucket().then(|| bundle.attributes.name(flag.unit_of(rule.rule))),
                "slotBucket": rule.slot_bucket,
                "gateBucket": rule.rollout_bucket,
                "splitBucket": rule.split_bucket,
            })
        });
        let nearest = nearest.map(|nearest| {
            let change =
                |change: &crate::eval::Change<'_>| json!({"attribute": change.attribute.name, "value": change.value});
            json!({
                "variant": nearest.decision.variant.name,
                "changes": nearest.changes.iter().map(change).collect::<Vec<_>>(),
            })
        });
        let mut json = json!({
            "requires": trace.prerequisites.iter().map(condition).collect::<Vec<_>>(),
            "rules": rules.collect::<Vec<_>>(),
            "nearest": nearest,
        });
        if let (Some(admission), Some(fields)) = (&trace.admission, json.as_object_mut()) {
            let unit = bundle.attributes.name(admission.unit);
            let admission = json!({"admit": admission.admit.to_string(), "unit": unit, "bucket": admission.bucket});
            fields.insert("admission".to_owned(), admission);
        }
        self.trace = Some(json);
        self
    }
}

/// Returns the flag's own metadata and the cause of the decision, or `None` if there is neither.
fn metadata(bundle: &Bundle, flag: &Flag, decision: &Decision<'_>) -> Option<Json> {
    let mut metadata = flag.metadata.clone();
    if let Some(Json::Object(cause)) = cause(bundle, flag, decision) {
        metadata.extend(cause);
    }
    (!metadata.is_empty()).then_some(Json::Object(metadata))
}

fn cause(bundle: &Bundle, flag: &Flag, decision: &Decision<'_>) -> Option<Json> {
    match (decision.reason, &flag.state) {
        (Reason::Disabled(Cause::Kill), State::Killed { reason, by, at, expires, admit }) => {
            let mut cause = json!({"cause": "kill", "reason": reason, "by": by, "at": at});
            if let Some(fields) = cause.as_object_mut() {
                fields.extend(expires.as_ref().map(|expires| ("expires".to_owned(), json!(expires))));
                let admit = (*admit != Percent::ZERO).then(|| ("admit".to_owned(), json!(admit.to_string())));
                fields.extend(admit);
            }
            Some(cause)
        }
        (Reason::Disabled(Cause::Disabled), _) => Some(json!({"cause": "disabled"})),
        (Reason::Disabled(Cause::Prerequisite(index)), _) => match flag.prerequisites.get(index) {
            Some(Condition::Flag { key, .. }) => {
                Some(json!({"cause": "prerequisite", "flag": bundle.flag_at(*key).key}))
            }
            _ => None,
        },
        _ => decision.without_unit.map(|index| json!({"withoutUnit": flag.rule_name(index)})),
    }
}

fn outcome(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        None => "not-reached",
        Some(Outcome::NoMatch) => "no-match",
        Some(Outcome::NoUnit) => "no-unit",
        Some(Outcome::OutsideSlot) => "outside-slot",
        Some(Outcome::NotAdmitted) => "not-admitted",
        Some(Outcome::Serves(..)) => "serves",
        Some(Outcome::Fails(_)) => "error",
    }
}

fn condition(trace: &ConditionTrace<'_, '_>) -> Json {
    let holds = match trace.truth {
        Truth::True => json!(true),
        Truth::False => json!(false),
        Truth::Unknown => json!("unknown"),
    };
    let conditions = |inner: &[ConditionTrace<'_, '_>]| inner.iter().map(condition).collect::<Vec<_>>();
    match &trace.kind {
        TraceKind::All(inner) => json!({"holds": holds, "all": conditions(inner)}),
        TraceKind::Any(inner) => json!({"holds": holds, "any": conditions(inner)}),
        TraceKind::Not(inner) => json!({"holds": holds, "not": condition(inner)}),
        TraceKind::Segment { name, condition: inner } => {
            json!({"holds": holds, "segment": name, "if": condition(inner)})
        }
        TraceKind::Flag { flag, wanted, decision } => json!({
            "holds": holds, "flag": flag.key, "expected": wanted, "found": decision.variant.name,
        }),
        TraceKind::Test { test, attribute, found: value } => json!({
            "holds": holds, "expected": test.describe(attribute), "found": found(value, ListText::Whole),
        }),
    }
}
