//! The sentences of a verdict: what breaks a rule, and what is allowed instead.

use jiff::Timestamp;

use crate::analyze::Share;
use crate::git::short_id;
use crate::model::NewConditions;
use crate::policy::{ContainmentProblem, Problem, Refusal, ShadowProblem, SoakState};
use crate::report::text::duration;

/// Returns what a refusal is about, as a sentence.
pub fn refusal_sentence(refusal: &Refusal, now: Timestamp) -> String {
    problem(&refusal.problem, now)
}

/// Returns what breaks the rule.
pub(super) fn problem(problem: &Problem, now: Timestamp) -> String {
    match problem {
        Problem::Step { growth, limit } => {
            format!("a share grows by {} points, and `max-step` is {limit}", points(*growth))
        }
        Problem::Soak { limit, state: SoakState::Since(start) } => {
            let age = now.duration_since(*start).as_secs().max(0);
            format!("it is served as it is for {}, and `min-soak` is {limit}", duration(age))
        }
        Problem::Soak { limit, state: SoakState::Unpublished } => {
            format!("its present state is not published yet, so the `min-soak` of {limit} has not begun")
        }
        Problem::Freeze { until, reason } => format!("it changes in a freeze until {until}: {reason}"),
        Problem::Containment { after, problem } => match problem {
            ContainmentProblem::Absent => format!("{after} does not have the flag"),
            ContainmentProblem::Salt => {
                format!("it cannot be proven that {after} serves as much, because the salt differs there")
            }
            ContainmentProblem::Unit => {
                format!(
                    "it cannot be proven that {after} serves as much, because a rule hashes another attribute there"
                )
            }
            ContainmentProblem::Refuted { variant, context } => {
                let context = serde_json::Value::Object(context.clone());
                format!("it goes further than {after}: this context gets `{variant}` here and not there: {context}")
            }
            ContainmentProblem::Undecided => format!("it cannot be proven that {after} serves as much"),
        },
        Problem::NewCondition { size: Some((size, limit)), .. } => {
            format!("a new or changed condition reaches up to {size} of all contexts, and `max-step` is {limit}")
        }
        Problem::NewCondition { mode, size: None } => {
            let mode = match mode {
                NewConditions::Allow => "allow",
                NewConditions::Forbid => "forbid",
                NewConditions::Acknowledge => "acknowledge",
            };
            format!("a condition is new or changed, its size is not known, and `new-conditions` is `{mode}`")
        }
        Problem::Acknowledge(class) => {
            format!("the change is of the class `{}`, which must be acknowledged", class.name())
        }
        Problem::Signature { commit, why } => {
            format!("no signer of `signed-by` has signed {}: {why}", short_id(commit))
        }
        Problem::Tests => "no test is about the flag in the environment, and `tests` is `required`".to_owned(),
        Problem::Shadow { candidate, problem } => {
            let reason = match problem {
                ShadowProblem::NoReport => "no report on its dark launch was given".to_owned(),
                ShadowProblem::OtherDefinition => {
                    "the report is about another definition of it than that of the target branch".to_owned()
                }
                ShadowProblem::Verdict(verdict) => format!("the report on its dark launch says `{verdict}`"),
                ShadowProblem::OtherValue => {
                    "the change gives it another value than the one that ran in the dark".to_owned()
                }
            };
            format!("`{candidate}` would be served for the first time, and {reason}")
        }
        Problem::Unknown => "its effect is not known, because the analysis would take too long".to_owned(),
        Problem::Undecidable(problem) => format!("it cannot be decided: {problem}"),
    }
}

/// Returns what is allowed instead.
pub(super) fn allowed(problem: &Problem, flag: &str) -> String {
    match problem {
        Problem::Step { limit, .. } => {
            format!("growth by at most {} points in one change", points(Share::of_buckets(limit.buckets())))
        }
        Problem::Soak { .. } => "this change, when the soak is over; a shrink or a kill at any time".to_owned(),
        Problem::Freeze { .. } => "this change, after the freeze; a shrink or a kill at any time".to_owned(),
        Problem::Containment { after, .. } => format!("the same change, when it is in {after}, too"),
        Problem::NewCondition { size: Some((_, limit)), .. } => {
            format!("a condition that reaches at most {limit} of all contexts, or a `rollout` in the rule")
        }
        Problem::NewCondition { mode: NewConditions::Forbid, size: None } => {
            "a growth within the conditions that exist; or `weights` or `--population` that tell the size".to_owned()
        }
        Problem::NewCondition { .. } => {
            format!("the change with the trailer `Acknowledge: new-condition {flag}` in a commit")
        }
        Problem::Acknowledge(class) => {
            format!("the change with the trailer `Acknowledge: {} {flag}` in a commit", class.name())
        }
        Problem::Signature { .. } => "the same commits, each signed by a listed signer".to_owned(),
        Problem::Tests => "the change with a case or an assertion about the flag".to_owned(),
        Problem::Shadow { problem: ShadowProblem::OtherValue, .. } => {
            "the same value as on the target branch; or first another dark launch".to_owned()
        }
        Problem::Shadow { .. } => {
            format!("the change with `--shadow-report` and a report on `{flag}` that says `equivalent`")
        }
        Problem::Unknown => "a change that can be analysed, for example in smaller parts".to_owned(),
        Problem::Undecidable(_) => "a change without errors, as `flagctl validate` reports them".to_owned(),
    }
}

/// Returns a share in percentage points, without the sign `%`.
fn points(share: Share) -> String {
    share.to_string().replace('%', "")
}
