//! The results of `flagctl guard` as flagctl's own JSON. All logarithms are natural.

use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use crate::guard::source::{DataProblem, Numbers, Point};
use crate::guard::{
    BreakerState, Checked, Decision, GuardedFlag, GuardrailResult, GuardrailState, Judgement, SampleRatioResult,
};
use crate::report::actions::CommittedJson;

/// The result of `flagctl guard check`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GuardCheckJson {
    /// The version of this structure.
    pub version: u32,
    /// The key of the flag.
    pub flag: String,
    /// The environment.
    pub environment: String,
    /// `trip`, `healthy`, `not-enough-data` or `data-problem`; `null` in a state that needs no verdict.
    pub verdict: Option<&'static str>,
    /// Why the guard trips.
    pub cause: Option<String>,
    /// `closed`, `open`, `half-open`, `latched` or `killed-by-person`.
    pub state: &'static str,
    /// The time of the next probe, in the state `open`.
    pub until: Option<String>,
    /// The number of trips since the last change by a person.
    pub trips: u32,
    /// The number of trips after which only a person reopens the flag.
    pub max_trips: u32,
    /// The stage, or `null` if the environment does not serve the flag as the commit defines it.
    pub stage: Option<StageJson>,
    /// The numbers of the verdict, or `null` without one.
    pub evidence: Option<EvidenceJson>,
}

/// A stage.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StageJson {
    /// The start.
    pub start: String,
    /// The full id of the commit.
    pub commit: String,
    /// The number of the published entry, or `null` if commits are the clock.
    pub sequence: Option<u64>,
}

/// The numbers of a verdict.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceJson {
    /// The variant that is rolled out.
    pub treatment: String,
    /// The variant with which it is compared.
    pub control: String,
    /// The start of the window.
    pub window_start: String,
    /// The end of the window.
    pub window_end: String,
    /// The age of the stage in seconds.
    pub age_seconds: i64,
    /// The age that a healthy stage has, in seconds.
    pub min_age_seconds: i64,
    /// The probability of a false trip in this stage.
    pub alpha: f64,
    /// The logarithm of the mean of the guardrails' e-values.
    pub log_e: f64,
    /// The logarithm at which the guard trips.
    pub threshold: f64,
    /// The comparison of the numbers of units, or `null` if it was not made.
    pub sample_ratio: Option<Json>,
    /// The guardrails.
    pub guardrails: Vec<GuardrailJson>,
}

/// A guardrail.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GuardrailJson {
    /// The name.
    pub name: String,
    /// The test.
    pub test: &'static str,
    /// `fine`, `exceeded`, `too-few`, `no-spread`, `not-proven-healthy` or `data-problem`.
    pub state: &'static str,
    /// The state in words.
    pub text: String,
    /// The name of the data problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<&'static str>,
    /// The logarithm of the e-value of harm.
    pub log_e: Option<f64>,
    /// The logarithm of the e-value of health.
    pub log_e_health: Option<f64>,
    /// The numbers of the treatment.
    pub treatment: Map<String, Json>,
    /// The numbers of the control.
    pub control: Map<String, Json>,
    /// The evidence over time.
    pub looks: Vec<LookJson>,
}

/// The evidence at one time.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LookJson {
    /// The end of the window.
    pub end: String,
    /// The logarithm of the e-value of harm.
    pub log_e: f64,
}

/// The result of `flagctl guard run`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GuardRunJson {
    /// The version of this structure.
    pub version: u32,
    /// The flags.
    pub flags: Vec<GuardStepJson>,
}

/// What follows for one flag.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GuardStepJson {
    /// The check.
    #[serde(flatten)]
    pub check: GuardCheckJson,
    /// The state after the decision.
    pub next: &'static str,
    /// The digest of the decision.
    pub decision: String,
    /// The reason in words.
    pub reason: String,
    /// What was or would be written, or `null` if nothing follows.
    pub written: Option<WrittenStepJson>,
    /// Why nothing was written although something follows.
    pub note: Option<String>,
}

/// The commit of a step.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WrittenStepJson {
    /// The subject of the commit.
    pub subject: String,
    /// The commit, or `None` if it was not made.
    pub committed: Option<CommittedJson>,
}

impl GuardCheckJson {
    /// Describes a check.
    pub fn new(guarded: &GuardedFlag, checked: &Checked) -> Self {
        let verdict = checked.judgement.as_ref().map(|judgement| &judgement.verdict);
        let until = match &guarded.state {
            BreakerState::Open { until } => Some(until.to_string()),
            BreakerState::Closed
            | BreakerState::KilledByPerson
            | BreakerState::HalfOpen { .. }
            | BreakerState::Latched => None,
        };
        let cause = match verdict {
            Some(crate::guard::GuardVerdict::Trip(cause)) => Some(cause.to_string()),
            _ => None,
        };
        Self {
            version: 1,
            flag: guarded.flag.key.clone(),
            environment: guarded.environment.clone(),
            verdict: verdict.map(crate::guard::GuardVerdict::name),
            cause,
            state: guarded.state.name(),
            until,
            trips: guarded.trips,
            max_trips: guarded.guard.max_trips,
            stage: checked.stage.as_ref().map(|stage| StageJson {
                start: stage.start.to_string(),
                commit: stage.commit.clone(),
                sequence: stage.sequence,
            }),
            evidence: checked.judgement.as_ref().map(EvidenceJson::new),
        }
    }
}

impl GuardStepJson {
    /// Describes a decision.
    pub fn new(guarded: &GuardedFlag, checked: &Checked, decision: &Decision) -> Self {
        Self {
            check: GuardCheckJson::new(guarded, checked),
            next: decision.to,
            decision: decision.digest.clone(),
            reason: decision.reason.clone(),
            written: None,
            note: None,
        }
    }
}

impl EvidenceJson {
    fn new(judgement: &Judgement) -> Self {
        Self {
            treatment: judgement.arms.treatment.clone(),
            control: judgement.arms.control.clone(),
            window_start: judgement.window.start.to_string(),
            window_end: judgement.window.end.to_string(),
            age_seconds: judgement.age.as_secs(),
            min_age_seconds: judgement.min_duration.as_secs(),
            alpha: judgement.alpha,
            log_e: judgement.log_e,
            threshold: judgement.threshold,
            sample_ratio: sample_ratio(&judgement.sample_ratio),
            guardrails: judgement.guardrails.iter().map(GuardrailJson::new).collect(),
        }
    }
}

fn sample_ratio(result: &SampleRatioResult) -> Option<Json> {
    let problem = result.problem().map(|problem| problem.name());
    match result {
        SampleRatioResult::NotCompared => None,
        SampleRatioResult::Problem(problem) => Some(json!({"problem": problem.name(), "text": problem.to_string()})),
        SampleRatioResult::Compared { planned, treatment, control, log_e, threshold } => Some(json!({
            "planned": {"treatment": planned.treatment, "control": planned.control},
            "units": {"treatment": treatment, "control": control},
            "logE": log_e, "threshold": threshold, "problem": problem,
        })),
    }
}

impl GuardrailJson {
    fn new(result: &GuardrailResult) -> Self {
        let numbers = |numbers: Option<Numbers>| -> Map<String, Json> {
            let numbers = numbers.unwrap_or_default();
            numbers.present().map(|(kind, number)| (kind.name().to_owned(), json!(number))).collect()
        };
        let last: Option<Point> = result.last;
        let problem = match &result.state {
            GuardrailState::Problem(problem) => Some(DataProblem::name(problem)),
            _ => None,
        };
        Self {
            name: result.name.clone(),
            test: result.test.name(),
            state: result.state.name(),
            text: result.state.to_string(),
            problem,
            log_e: result.log_e.map(crate::guard::evidence::LogE::ln),
            log_e_health: result.health.map(crate::guard::evidence::LogE::ln),
            treatment: numbers(last.map(|last| last.treatment)),
            control: numbers(last.map(|last| last.control)),
            looks: result.looks.iter().map(|look| LookJson { end: look.end.to_string(), log_e: look.log_e }).collect(),
        }
    }
}
