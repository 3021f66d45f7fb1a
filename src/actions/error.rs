//! The errors of actions, each with advice.

use crate::actions::name_error::NameError;
use crate::analyze::AnalysisError;
use crate::commit::CommitError;
use crate::edit::Refusal;
use crate::git::GitError;
use crate::policy::PolicyError;
use crate::source::SourceError;

/// The reason why an action cannot be planned or committed. Nothing has been written.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// The key is not the key of a flag on the branch.
    #[error("`{key}` is not a flag on {branch}{}", .similar.as_ref().map_or(String::new(), |help| format!("; {help}")))]
    UnknownFlag {
        /// The key.
        key: String,
        /// The name of the branch.
        branch: String,
        /// A question that suggests the most similar key, or `None` if no key is similar.
        similar: Option<String>,
    },
    /// No flag on the branch has the tag.
    #[error("no flag has the tag `{0}`")]
    UnknownTag(String),
    /// The file of the flag has errors, so it cannot be edited.
    #[error("the definition of `{0}` has errors: `flagctl validate` shows them")]
    InvalidDefinition(String),
    /// The flag has no decision in an environment, so the effect of the action is unknown.
    #[error("`{key}` cannot be decided in {environment}: `flagctl validate` shows why")]
    Undecidable {
        /// The key of the flag.
        key: String,
        /// The name of the environment.
        environment: String,
    },
    /// A flag would serve another value than before the kill or `off`, or the difference is unknown.
    #[error(
        "a flag would serve something else than before the kill, and not `off`: review the changes, and pass \
         `--allow-changed` if they are right"
    )]
    ChangedSinceKill,
    /// A rollout would move units between two variants that are not `off`.
    #[error(
        "units would move from one variant to another: review the changes, and pass `--allow-reassign` if they are \
         right"
    )]
    Reassigns,
    /// The flag has no rules in the requested environments.
    #[error("`{0}` has no rules")]
    NoRules(String),
    /// The flag has no rule with the requested name or number.
    #[error("`{rule}` is not a rule of `{key}`; {help}")]
    UnknownRule {
        /// The key of the flag.
        key: String,
        /// The requested name or number.
        rule: String,
        /// Advice that contains a similar name, or all names.
        help: String,
    },
    /// The rule is not enabled in a requested environment.
    #[error("rule `{rule}` has `enabled: false` in {environment}: enable it in the file of the flag first")]
    DisabledRule {
        /// The name of the rule.
        rule: String,
        /// The name of the environment.
        environment: String,
    },
    /// The request is for a group, but the rule has no entry for the group.
    #[error(
        "rule `{rule}` has no entry for the group `{group}`: name its environments {members} with `-e`, or add the entry to \
         `environments` of the rule"
    )]
    MissingGroupEntry {
        /// The name of the group.
        group: String,
        /// The environments of the group, as a list.
        members: String,
        /// The name of the rule.
        rule: String,
    },
    /// The definition of one environment alone cannot become that of another.
    #[error("`{flag}` cannot be promoted: {problem}; change the file by hand")]
    CannotCarry {
        /// The key of the flag.
        flag: String,
        /// The reason.
        problem: String,
    },
    /// No rule has a rollout yet.
    #[error("no rule of `{0}` has a `rollout`: name one with `--rule`")]
    NoRollout(String),
    /// The request is for the next or previous step, but the rule has no steps.
    #[error("rule `{0}` has no `steps`: pass a percentage with `--to`")]
    NoSteps(String),
    /// The rollout is already at its first or last step.
    #[error("rule `{rule}` is at {percent}, and it has no further step: pass a percentage with `--to`")]
    NoFurtherStep {
        /// The name of the rule.
        rule: String,
        /// The current rollout of the rule.
        percent: String,
    },
    /// Both ends of a range are the same commit.
    #[error("`{base}` and `{tip}` are the same commit, so there are no commits to verify")]
    EmptyRange {
        /// The name of the first revision.
        base: String,
        /// The name of the second revision.
        tip: String,
    },
    /// The end of a range is an ancestor of its start.
    #[error("`{base}` already has all commits of `{tip}`; write the target branch first: `{tip}..{base}`")]
    ReversedRange {
        /// The name of the first revision.
        base: String,
        /// The name of the second revision.
        tip: String,
    },
    /// More than one rule or environment matches the request.
    #[error(transparent)]
    Ambiguous(#[from] Ambiguity),
    /// A definition cannot be renamed or removed.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A step cannot be judged by the policy.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The definitions could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A commit could not be read.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The commit could not be made.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The file cannot be edited without changing other values too.
    #[error(transparent)]
    Edit(#[from] Refusal),
    /// The analysis and the evaluation of a flag disagree.
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
    /// The date of a commit is outside the range that a timestamp can have.
    #[error(transparent)]
    Time(#[from] jiff::Error),
    /// The file of a kill could not be written as YAML.
    #[error(transparent)]
    Yaml(#[from] serde_yaml::Error),
}

/// More than one rule or environment matches a request, so the user must choose.
#[derive(Debug, thiserror::Error)]
pub enum Ambiguity {
    /// Several rules have a rollout.
    #[error("several rules have a rollout: name one with `--rule`: {}", .0.join(", "))]
    Rules(Vec<String>),
    /// The requested environments have different shares. Each share is with its environment.
    #[error(
        "rule `{rule}` has not the same share in all of them: {}: name environments with one share with `-e`",
        .shares.iter().map(|(environment, share)| format!("{share} in {environment}")).collect::<Vec<_>>().join(", ")
    )]
    DifferentShares {
        /// The name of the rule.
        rule: String,
        /// The environments and their shares.
        shares: Vec<(String, String)>,
    },
    /// The environments have different lists of rules. The value has the names of the environments for each list.
    #[error(
        "the rules of {} are not the same: name one with `-e`",
        .0.iter().map(|environments| environments.join(", ")).collect::<Vec<_>>().join(" and of ")
    )]
    DifferentRules(Vec<Vec<String>>),
}
