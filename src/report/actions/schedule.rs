//! The next steps of rollouts: their structure and the sentences of what they wait for.

use jiff::Timestamp;
use serde::Serialize;

use crate::actions::{ScheduledStep, StepGroup, StepWait};
use crate::report::actions::json::CommittedJson;
use crate::report::policy::refusal_sentence;
use crate::report::{Lines, Role, StyledText};

/// The next steps of rollouts.
#[derive(Debug, Serialize)]
pub struct ScheduleJson {
    /// The version of this structure.
    pub version: u32,
    /// The full id of the commit at which the steps were examined.
    pub commit: String,
    /// The time of the decision.
    pub now: String,
    /// The next step of each flag in each environment.
    pub steps: Vec<StepJson>,
}

/// The next step of a rule's rollout in an environment.
#[derive(Debug, Serialize)]
pub struct StepJson {
    /// The flag's key.
    pub flag: String,
    /// The environment's name.
    pub environment: String,
    /// The name of the rule, or its number.
    pub rule: String,
    /// The present share.
    pub from: String,
    /// The share after the step.
    pub to: String,
    /// Whether the step may be made now.
    pub due: bool,
    /// What the step waits for.
    pub waits: Vec<WaitJson>,
}

/// What a step waits for.
#[derive(Debug, Serialize)]
pub struct WaitJson {
    /// `not-begun`, `killed`, `disabled`, `no-soak`, `guard`, `impossible`, or the name of the rule of the policy.
    pub reason: &'static str,
    /// The reason as a sentence.
    pub text: String,
    /// The time at which the wait ends, or `null` if it does not end by itself.
    pub until: Option<String>,
}

/// The steps that `flagctl rollout advance` made.
#[derive(Debug, Serialize)]
pub struct AdvanceJson {
    /// The version of this structure.
    pub version: u32,
    /// The steps that were made, or that would be made with `--dry-run`.
    pub steps: Vec<MadeStepJson>,
    /// The steps that wait.
    pub waiting: Vec<StepJson>,
}

/// Steps that one commit makes.
#[derive(Debug, Serialize)]
pub struct MadeStepJson {
    /// The flag's key.
    pub flag: String,
    /// The names of the environments.
    pub environments: Vec<String>,
    /// The name of the rule, or its number.
    pub rule: String,
    /// The share before the step.
    pub from: String,
    /// The share after the step.
    pub to: String,
    /// The commit, or `null` with `--dry-run`. Its `commit` is `null` if another job has made the step.
    pub written: Option<CommittedJson>,
}

impl StepJson {
    /// Describes a step.
    pub fn new(step: &ScheduledStep, now: Timestamp) -> Self {
        Self {
            flag: step.flag.clone(),
            environment: step.environment.clone(),
            rule: step.rule.clone(),
            from: step.from.to_string(),
            to: step.to.to_string(),
            due: step.is_due(),
            waits: step.waits.iter().map(|wait| self::wait(wait, now)).collect(),
        }
    }
}

impl MadeStepJson {
    /// Describes steps and their commit.
    pub fn new(group: &StepGroup, written: Option<CommittedJson>) -> Self {
        Self {
            flag: group.flag.clone(),
            environments: group.environments.clone(),
            rule: group.rule.clone(),
            from: group.from.to_string(),
            to: group.to.to_string(),
            written,
        }
    }
}

fn wait(wait: &StepWait, now: Timestamp) -> WaitJson {
    let (reason, text) = match wait {
        StepWait::NotBegun => ("not-begun", "a person makes the first step".to_owned()),
        StepWait::Killed => ("killed", "the flag is killed".to_owned()),
        StepWait::Disabled => ("disabled", "the flag is disabled".to_owned()),
        StepWait::NoSoak => ("no-soak", "the environment has no policy with `min-soak`".to_owned()),
        StepWait::Policy(refusal) => (refusal.problem.rule(), refusal_sentence(refusal, now)),
        StepWait::Guard(why) => ("guard", why.clone()),
        StepWait::Impossible(why) => ("impossible", why.clone()),
    };
    WaitJson { reason, text, until: wait.ends().map(|time| time.to_string()) }
}

/// Returns the next steps as text for people.
pub(crate) fn schedule(schedule: &ScheduleJson) -> Lines {
    let mut lines = Lines::default();
    if schedule.steps.is_empty() {
        lines.add("no rollout has a next step");
    }
    schedule.steps.iter().for_each(|step| step_lines(&mut lines, step));
    lines
}

/// Returns the steps that were made, and those that wait, as text for people.
pub(crate) fn advance(advance: &AdvanceJson) -> Lines {
    let mut lines = Lines::default();
    for MadeStepJson { flag, environments, rule, from, to, written } in &advance.steps {
        let (role, label) = match written {
            None => (Role::Note, "due:"),
            Some(written) if written.commit.is_none() => (Role::Note, "made already:"),
            Some(_) => (Role::Good, "made:"),
        };
        let head = StyledText::new(role, label).plain(" ").with(Role::Name, flag);
        lines.add(head.plain(format!(" in {}: {rule} {from} → {to}", environments.join(", "))));
        if let Some(CommittedJson { branch, commit: Some(commit), pull_request, .. }) = written {
            lines.add(format!("  {commit} on {branch}"));
            if let Some(request) = pull_request {
                lines.add(format!("  {}", request.address));
            }
        }
    }
    advance.waiting.iter().for_each(|step| step_lines(&mut lines, step));
    if advance.steps.is_empty() {
        lines.add("no step is due");
    }
    lines
}

fn step_lines(lines: &mut Lines, step: &StepJson) {
    let StepJson { flag, environment, rule, from, to, due, waits } = step;
    let (role, label) = if *due { (Role::Good, "due:") } else { (Role::Note, "waits:") };
    let head = StyledText::new(role, label).plain(" ").with(Role::Name, flag);
    lines.add(head.plain(format!(" in {environment}: {rule} {from} → {to}")));
    for WaitJson { text, until, .. } in waits {
        let until = until.as_ref().map_or(String::new(), |until| format!(" (until {until})"));
        lines.add(format!("  {text}{until}"));
    }
}
