//! A diff as flagctl's own JSON; the texts for people are made from it.

use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::analyze::{Share, Side};
use crate::diff::{DiffInput, FlagEvent};
use crate::git::Revision;

/// What a change does to all contexts.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DiffJson {
    /// The version of this structure.
    pub version: u32,
    /// The version before the change.
    pub before: EndpointJson,
    /// The version after the change.
    pub after: EndpointJson,
    /// The flags whose definitions differ or that serve some context another variant, sorted by key.
    pub flags: Vec<FlagDiffJson>,
    /// The flags that depend on what differs and are proven to decide as before.
    pub unaffected: Vec<String>,
    /// The changes that `--fail-on` and `--max-share` refuse, in words.
    pub refused: Vec<String>,
    /// The number of contexts in the file of `--population`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub population: Option<u64>,
}

/// One of the two versions that a diff compares.
#[derive(Debug, Clone, Serialize)]
pub struct EndpointJson {
    /// The name of the revision, the path of the bundle's file, or a name for the working tree.
    pub name: String,
    /// The full id of the commit, or `None` for the working tree and for a bundle.
    pub commit: Option<String>,
}

impl EndpointJson {
    /// Describes an input of a comparison.
    pub fn new(input: &DiffInput) -> Self {
        Self { name: input.name.clone(), commit: input.commit.clone() }
    }

    /// Describes a revision.
    pub fn of_revision(revision: &Revision) -> Self {
        Self { name: revision.name().to_owned(), commit: Some(revision.commit()) }
    }
}

/// The changes of one flag.
#[derive(Debug, Clone, Serialize)]
pub struct FlagDiffJson {
    /// The flag's key.
    pub flag: String,
    /// The changes; environments with the same change share one.
    pub changes: Vec<FlagChangeJson>,
}

/// The change of one flag in some environments.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FlagChangeJson {
    /// The environments, in the order of promotion.
    pub environments: Vec<String>,
    /// The kind of change.
    pub change: EventJson,
    /// The classes of the change, such as `expand`; empty if the answer is not known.
    pub classes: Vec<&'static str>,
    /// Whether the effect of the change is known.
    pub answer: AnswerJson,
    /// The reason why the effect is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The differences in definitions that lead to the change.
    pub causes: Vec<CauseJson>,
    /// The contexts that get another variant, in groups, the largest share first.
    pub regions: Vec<RegionJson>,
}

/// The kind of a flag's change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventJson {
    /// The flag did not exist before.
    Added,
    /// The flag does not exist any more.
    Removed,
    /// A kill was added.
    Killed,
    /// A kill was removed.
    Revived,
    /// The flag's own definition differs.
    Changed,
    /// Only something that the flag depends on differs.
    Affected,
}

impl From<FlagEvent> for EventJson {
    fn from(event: FlagEvent) -> Self {
        match event {
            FlagEvent::Added => Self::Added,
            FlagEvent::Removed => Self::Removed,
            FlagEvent::Killed => Self::Killed,
            FlagEvent::Revived => Self::Revived,
            FlagEvent::Changed => Self::Changed,
            FlagEvent::Affected => Self::Affected,
        }
    }
}

/// Whether the effect of a change is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerJson {
    /// The effect is known exactly.
    Known,
    /// The analysis takes more work than is allowed.
    Unknown,
    /// The definition before or after has errors.
    Invalid,
}

/// One of the two versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SideJson {
    /// The version before the change.
    Before,
    /// The version after the change.
    After,
}

impl From<Side> for SideJson {
    fn from(side: Side) -> Self {
        match side {
            Side::Before => Self::Before,
            Side::After => Self::After,
        }
    }
}

/// A difference in definitions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CauseJson {
    /// The version that the line is in: for something that was removed, the one before.
    pub side: SideJson,
    /// The path of the file, from the flag repository's root, or `None` for a bundle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The line, from one, or `None` for the file as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The difference in a few words.
    pub text: String,
}

/// A group of contexts with the same change.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegionJson {
    /// The contexts and their change, in one line.
    pub text: String,
    /// The condition that the contexts have in common.
    pub condition: String,
    /// The named units, if the group consists of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<UnitsJson>,
    /// The share of units that get another variant.
    pub moved: ShareJson,
    /// For a reshuffle: the smallest possible share, however the old and the new hashes are correlated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least: Option<ShareJson>,
    /// For a reshuffle: the largest possible share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<ShareJson>,
    /// The transitions of all units of the group, including those that keep their variant.
    pub transitions: Vec<TransitionJson>,
    /// The rules and so on that decided before, for the contexts that get another variant.
    pub before: Vec<String>,
    /// The rules and so on that decide after, for the contexts that get another variant.
    pub after: Vec<String>,
    /// The effects: `expand`, `shrink`, `reassign`, `reshuffle`.
    pub effects: Vec<&'static str>,
    /// Whether such a context is proven to exist.
    pub certain: bool,
    /// A context that gets another variant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<ExampleJson>,
    /// The number of contexts of `--population` that get another variant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<u64>,
}

/// Units that a condition lists by value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnitsJson {
    /// The attribute.
    pub attribute: String,
    /// Its values, in ascending order.
    pub values: Vec<String>,
}

/// A share of units.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShareJson {
    /// The share in percent: `12.5%`, or `≈ 3.333%` if three decimals are not exact.
    pub percent: String,
    /// The exact share in lowest terms: `1/8`.
    pub fraction: String,
}

impl ShareJson {
    pub(crate) fn new(share: Share) -> Self {
        Self { percent: share.to_string(), fraction: format!("{}/{}", share.numerator(), share.denominator()) }
    }
}

/// A transition from one variant to another, or to the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TransitionJson {
    /// The name of the variant before.
    pub from: String,
    /// The value of the variant before.
    pub from_value: Json,
    /// The name of the variant after.
    pub to: String,
    /// The value of the variant after.
    pub to_value: Json,
    /// The share of the group's units.
    pub share: ShareJson,
}

/// An example: a context that gets another variant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExampleJson {
    /// The context, as `eval --context` takes it.
    pub context: Map<String, Json>,
    /// The time of the decision, if the decision depends on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
    /// The decision before, as `eval` writes it, or `None` if the flag did not exist.
    pub before: Option<String>,
    /// The decision after, as `eval` writes it, or `None` if the flag does not exist any more.
    pub after: Option<String>,
    /// The command that shows the decision after, or before if the flag does not exist any more.
    pub command: String,
}
