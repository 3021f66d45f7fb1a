//! The decision of a guard: a transition with its digest, which is the lock of concurrent guards.

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use crate::guard::check::{Checked, GuardedFlag};
use crate::guard::source::Point;
use crate::guard::state::{Transition, transition};
use crate::guard::verdict::{GuardrailResult, TripCause};
use crate::model::QueryKind;

/// The version of the digest.
const SCHEMA: &str = "guard/1";

/// A decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// What follows.
    pub transition: Transition,
    /// The name of the state before.
    pub from: &'static str,
    /// The name of the state after.
    pub to: &'static str,
    /// The digest, in hexadecimal digits. Two guards that see the same stage and decide the same have the same digest,
    /// also if their numbers differ a little.
    pub digest: String,
    /// The reason, as a sentence for people.
    pub reason: String,
    /// The facts on which the decision is based, for the kill file.
    pub evidence: Vec<(String, Json)>,
}

/// Decides what follows a check.
pub fn decide(flag: &GuardedFlag, checked: &Checked, now: Timestamp) -> Decision {
    let verdict = checked.judgement.as_ref().map(|judgement| &judgement.verdict);
    let transition = transition(&flag.guard, &flag.state, verdict, now);
    let (from, to) = (flag.state.name(), transition.to(&flag.state));
    let cause = transition.cause();
    let stage = checked.stage.as_ref().map_or_else(String::new, |stage| match stage.sequence {
        Some(sequence) => format!("sequence {sequence}"),
        None => format!("commit {}", stage.commit),
    });
    let guardrail = cause.and_then(TripCause::guardrail).unwrap_or_default();
    let trips = flag.trips.to_string();
    let parts = [SCHEMA, &flag.environment, &flag.flag.key, &stage, guardrail, from, to, &trips];
    let digest = Sha256::digest(parts.join("\n").as_bytes());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut evidence = evidence(checked, cause);
    evidence.push(("decision".to_owned(), json!(digest)));
    Decision { reason: reason(checked, &transition), transition, from, to, digest, evidence }
}

fn reason(checked: &Checked, transition: &Transition) -> String {
    let numbers = |name: &str| match checked.judgement.as_ref() {
        Some(judgement) => {
            let log_e = format!("ln E {:.2} of {:.2}", judgement.log_e, judgement.threshold);
            let found = judgement.guardrails.iter().find(|result| result.name == name);
            let counts = found.and_then(|result| result.last).map_or_else(String::new, |point| counts(&point));
            format!("{log_e}{counts}")
        }
        None => String::new(),
    };
    match transition.cause() {
        Some(TripCause::Evidence(name)) => format!("guardrail {name} proves harm: {}", numbers(name)),
        Some(TripCause::Limit(name)) => format!("guardrail {name} is outside its limits"),
        Some(TripCause::DataProblem(name)) => format!("guardrail {name} has a data problem, which counts as a trip"),
        Some(TripCause::ProbeTimeout) => "the probe did not become healthy in time".to_owned(),
        None => match transition {
            Transition::Probe(share) => format!("probe with {share} of the units after the cooldown"),
            Transition::Close => "the probe is healthy".to_owned(),
            Transition::Stay | Transition::Open(_) | Transition::StepBack(_) | Transition::Hold(_) => String::new(),
        },
    }
}

fn counts(point: &Point) -> String {
    let rate = |numbers: &crate::guard::source::Numbers| {
        Some(format!("{} of {}", numbers.get(QueryKind::Bad)?.round(), numbers.get(QueryKind::Total)?.round()))
    };
    match (rate(&point.treatment), rate(&point.control)) {
        (Some(treatment), Some(control)) => format!(", {treatment} against {control}"),
        (Some(treatment), None) => format!(", {treatment}"),
        (None, _) => String::new(),
    }
}

fn evidence(checked: &Checked, cause: Option<&TripCause>) -> Vec<(String, Json)> {
    let Some(judgement) = &checked.judgement else { return Vec::new() };
    let mut facts = vec![
        ("verdict".to_owned(), json!(judgement.verdict.name())),
        ("log-e".to_owned(), json!(rounded(judgement.log_e))),
        ("threshold".to_owned(), json!(rounded(judgement.threshold))),
        ("window-start".to_owned(), json!(judgement.window.start.to_string())),
        ("window-end".to_owned(), json!(judgement.window.end.to_string())),
    ];
    let named = |result: &&GuardrailResult| cause.and_then(TripCause::guardrail) == Some(result.name.as_str());
    if let Some(result) = judgement.guardrails.iter().find(named) {
        facts.push(("guardrail".to_owned(), json!(result.name)));
        for (arm, numbers) in
            result.last.iter().flat_map(|last| [("treatment", last.treatment), ("control", last.control)])
        {
            // The file takes 16 facts at most, and the counts say the most.
            facts.extend(
                numbers.present().take(3).map(|(kind, number)| (format!("{arm}-{}", kind.name()), json!(number))),
            );
        }
    }
    facts
}

/// Rounds to four decimals, which is enough to recognise the number.
fn rounded(number: f64) -> f64 {
    (number * 10_000.0).round() / 10_000.0
}
