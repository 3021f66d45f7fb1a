//! The structure of a verdict.

use jiff::Timestamp;
use serde::Serialize;

use crate::policy::{Judged, PolicyVerdict, Refusal, SizeSource};
use crate::report::policy::sentence;

/// A verdict of a policy.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyJson {
    /// The version of this structure.
    pub version: u32,
    /// The full id of the base, whose policy applies.
    pub base: String,
    /// The full id of the last commit of the change.
    pub head: String,
    /// The time of the judgement.
    pub now: String,
    /// Whether the base has a policy.
    pub has_policy: bool,
    /// Whether nothing is refused.
    pub allowed: bool,
    /// The flags that change, in each environment with a policy.
    pub changes: Vec<PolicyChangeJson>,
    /// What is refused.
    pub refusals: Vec<RefusalJson>,
}

/// A flag that changes in an environment.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyChangeJson {
    /// The flag's key.
    pub flag: String,
    /// The key at the base, if the flag was renamed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub former_key: Option<String>,
    /// The environment's name.
    pub environment: String,
    /// Whether it only shrinks or is killed, which is always allowed.
    pub free: bool,
    /// The growth within unchanged conditions, as a share from 0 to 1.
    pub step: f64,
    /// Whether a condition is new or changed and grows.
    pub new_condition: bool,
    /// The size of that growth as a share from 0 to 1 of all contexts, or `null` if it is not known.
    pub new_condition_size: Option<f64>,
    /// `weights` or `population`, or `null` if the size is not known.
    pub size_source: Option<&'static str>,
    /// Whether a revival is proven to restore what was before the kill.
    pub restores: bool,
}

/// Something that is refused.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RefusalJson {
    /// The name of the rule.
    pub rule: &'static str,
    /// The flag's key.
    pub flag: String,
    /// The environment's name.
    pub environment: String,
    /// The problem, as a sentence.
    pub problem: String,
    /// What is allowed instead.
    pub allowed: String,
    /// The time from which it is allowed.
    pub from: String,
    /// The path of the file from git's root, or `null` if it is not known.
    pub path: Option<String>,
    /// The number of the line, counted from one.
    pub line: Option<usize>,
}

impl PolicyJson {
    /// Describes a verdict.
    pub fn new([base, head]: [String; 2], now: Timestamp, has_policy: bool, verdict: &PolicyVerdict) -> Self {
        Self {
            version: 1,
            base,
            head,
            now: now.to_string(),
            has_policy,
            allowed: verdict.is_allowed(),
            changes: verdict.judged.iter().map(change).collect(),
            refusals: verdict.refusals.iter().map(|refusal| self::refusal(refusal, now)).collect(),
        }
    }
}

fn change(judged: &Judged) -> PolicyChangeJson {
    PolicyChangeJson {
        flag: judged.flag.clone(),
        former_key: judged.former_key.clone(),
        environment: judged.environment.clone(),
        free: judged.is_free,
        step: judged.step.as_f64(),
        new_condition: judged.new_condition.is_some(),
        new_condition_size: judged.new_condition.and_then(|growth| growth.size).map(|size| size.as_f64()),
        size_source: match judged.new_condition.map(|growth| growth.source) {
            Some(SizeSource::Weights) => Some("weights"),
            Some(SizeSource::Population) => Some("population"),
            Some(SizeSource::Unknown) | None => None,
        },
        restores: judged.restores,
    }
}

fn refusal(refusal: &Refusal, now: Timestamp) -> RefusalJson {
    RefusalJson {
        rule: refusal.problem.rule(),
        flag: refusal.flag.clone(),
        environment: refusal.environment.clone(),
        problem: sentence::problem(&refusal.problem, now),
        allowed: sentence::allowed(&refusal.problem, &refusal.flag),
        from: next_second(refusal.from).to_string(),
        path: refusal.location.as_ref().map(|(path, _)| path.clone()),
        line: refusal.location.as_ref().map(|(_, line)| *line),
    }
}

/// Returns the first full second that is not before a time.
fn next_second(time: Timestamp) -> Timestamp {
    let second = time.as_second() + i64::from(time.subsec_nanosecond() > 0);
    Timestamp::from_second(second).unwrap_or(time)
}
